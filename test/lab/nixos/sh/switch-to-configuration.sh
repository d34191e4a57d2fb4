#!@busybox@/bin/sh
# Stand-in for NixOS' switch-to-configuration, with its actions, order and exit codes:
# 1 nothing was changed or no boot loader, 2 activation failed, 3 systemd did not reload, 4 units failed, 100 reboot needed.
export PATH=@busybox@/bin:/usr/bin
toplevel=@out@
action=${1:-}

case $action in
  switch | boot | test | dry-activate) ;;
  *)
    echo "Usage: $0 [switch|boot|test|dry-activate]" >&2
    exit 1
    ;;
esac
if ! [ -e /etc/NIXOS ] && ! grep -qx 'ID=nixos' /etc/os-release; then
  echo "This is not a NixOS installation!" >&2
  exit 1
fi

mkdir -p /run/nixos
exec 9> /run/nixos/switch-to-configuration.lock
flock -n 9 || { echo "Could not acquire lock" >&2; exit 1; }

if [ "$action" = switch ] || [ "$action" = boot ]; then
  $toplevel/bin/install-boot-loader $toplevel || { echo "Failed to install bootloader" >&2; exit 1; }
fi
sync
[ "$action" = boot ] && exit 0

if ! cmp -s /run/current-system/init-interface-version $toplevel/init-interface-version; then
  echo "Warning: the new NixOS configuration has an 'init' that is incompatible with the current configuration." >&2
  echo "The new configuration won't take effect until you reboot the system." >&2
  exit 100
fi

trap '' HUP PIPE # a lost connection must not end a switch half-way
old=$(readlink -f /run/current-system/etc/systemd/system)
new=$(readlink -f $toplevel/etc/systemd/system)

# units STATES: names of the loaded units in these states
units() { systemctl list-units --plain --no-legend --full --state="$1" | awk '{ print $1 }'; }
# setting FILE NAME: the last value of NAME in a unit file and its drop-ins
setting() { cat "$1" "$1.d"/*.conf 2> /dev/null | sed -n "s/^$2=//p" | tail -n 1; }
# the file that a unit comes from: an instance comes from its template
unit_file() { case $1 in *@*.*) echo "${1%%@*}@.${1##*.}" ;; *) echo "$1" ;; esac; }
content() { cat "$1" "$1.d"/*.conf 2> /dev/null; }
masked() { [ "$(readlink -f "$1")" = /dev/null ]; }
say() { # say TEXT UNIT…: nothing when there are no units
  text=$1
  shift
  [ $# -eq 0 ] || echo "$text: $(echo "$@" | sed 's/ /, /g')" >&2
}

# what has to happen to each running unit
stop= start= restart= reload= leave=
for unit in $(units active,activating,reloading); do
  file=$(unit_file "$unit")
  { [ -e "$old/$file" ] || [ -e "$old/$file.d" ] || [ -e "$new/$file.d" ]; } || continue
  if [ -e "$old/$file" ] && { [ ! -e "$new/$file" ] || masked "$new/$file"; }; then
    [ ! -e "$new/$file" ] && [ -e "/usr/lib/systemd/system/$file" ] && continue
    [ "$(setting "$old/$file" X-StopOnRemoval)" = false ] || stop="$stop $unit"
    continue
  fi
  [ "$(content "$old/$file")" = "$(content "$new/$file")" ] && continue
  case $unit in
    *.target | *.socket | *.path | *.slice | *.automount) continue ;;
    *.mount) reload="$reload $unit"; continue ;;
  esac
  if [ "$(setting "$new/$file" X-ReloadIfChanged)" = true ]; then
    reload="$reload $unit"
  elif [ "$(setting "$new/$file" X-RestartIfChanged)" = false ] || [ "$(setting "$new/$file" RefuseManualStop)" = true ]; then
    leave="$leave $unit"
  elif [ "$(setting "$new/$file" X-StopIfChanged)" = false ]; then
    restart="$restart $unit"
  else
    stop="$stop $unit"
    start="$start $unit"
  fi
done
old_systemd=$(readlink -f /proc/1/exe)
new_systemd=$(readlink -f $toplevel/systemd/lib/systemd/systemd)

if [ "$action" = dry-activate ]; then
  say "would stop the following units" $stop
  say "would NOT restart the following changed units" $leave
  echo "would activate the configuration..." >&2
  [ "$old_systemd" = "$new_systemd" ] || echo "would restart systemd" >&2
  say "would reload the following units" $reload
  say "would restart the following units" $restart
  say "would start the following units" $start
  exit 0
fi

status=0
before=$(units active)
logger -t nixos "switching to system configuration $toplevel"
say "stopping the following units" $stop
[ -z "$stop" ] || systemctl stop -- $stop
say "NOT restarting the following changed units" $leave

echo "activating the configuration..." >&2
$toplevel/activate || status=2
if [ "$old_systemd" != "$new_systemd" ]; then
  echo "restarting systemd..." >&2
  systemctl daemon-reexec || status=2
fi
systemctl reset-failed
systemctl daemon-reload || status=3
echo "setting up tmpfiles" >&2
systemd-tmpfiles --create --remove --exclude-prefix=/dev 2> /dev/null # complains about users that are not here

say "reloading the following units" $reload
[ -z "$reload" ] || systemctl reload -- $reload || status=4
say "restarting the following units" $restart
[ -z "$restart" ] || systemctl restart -- $restart || status=4
# active targets once more, so that units which they want only now start too
targets=
for target in $(units active | grep '\.target$'); do
  [ -e "$new/$target" ] || [ -e "/usr/lib/systemd/system/$target" ] || continue
  grep -qs '^RefuseManualStart=yes' "$new/$target" "/usr/lib/systemd/system/$target" || targets="$targets $target"
done
say "starting the following units" $start
systemctl start -- $targets $start || status=4

started=
for unit in $(units active | grep '\.service$'); do
  case " $(echo $before) $stop $restart " in *" $unit "*) ;; *) started="$started $unit" ;; esac
done
say "the following new units were started" $started
failed=$(echo $(units failed) $(systemctl list-units --plain --no-legend --full --state=auto-restart | awk '{ print $1 }'))
if [ -n "$failed" ]; then
  say "warning: the following units failed" $failed
  systemctl --no-pager --lines 5 status -- $failed >&2
  status=4
fi
logger -t nixos "finished switching to system configuration $toplevel"
exit $status
