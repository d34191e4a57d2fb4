import { HostError } from "../core/errors";
import { quote } from "../core/quote";
import type { HostSession } from "./session";
import { keepTrying } from "./session";

export interface Job {
  /** Names the job's folder on the host; a new start under the same name forgets the older one. */
  name: string;
  /** POSIX sh; its output goes to a file on the host. */
  script: string;
  deadlineSeconds: number;
  /**
   * It runs as a child of ours would, with the SELinux domain that our login has: a service of systemd's gets another
   * one, from which `bootc switch` may not install.
   */
  keepsDomain?: boolean;
  onLine(line: string): void;
}

export interface JobResult {
  exitCode: number;
  /** Its end: the last 5000 lines. */
  output: string;
}

/** How many lines were read, and the last ones of them. */
interface Said {
  count: number;
  lines: string[];
}

const folder = "/run/pulumi-immutable-os/jobs";
/** The start script's exit code for: another client was faster. */
const atWork = 73;
const startSeconds = 30;
/** Of one look, and of what is kept: a job that talks without end must not fill our memory. */
const mostLines = 5000;
const mostLetters = 1000;
/** A network that is away for longer, or a machine that has lost its power: the job goes on without us, or not at all. */
const longestSilenceSeconds = 180;

/**
 * Runs a script that must not die with our connection: losing ssh killed activations half-way
 * (nixpkgs#463029). It runs in a unit or session of its own, writes to a file, and we follow that file.
 */
export async function runJob(session: HostSession, job: Job): Promise<JobResult> {
  await refuseRunningJob(session, job.name);
  const started = await session.run(startScript(job), { deadlineSeconds: 30 });
  if (started.exitCode === atWork) throw stillRunning(job.name);
  if (started.exitCode !== 0) {
    throw new HostError("command-failed", {
      what: `the job ${job.name} could not be started`,
      expected: "exit code 0",
      seen: `exit code ${started.exitCode}: ${started.stderr.trim()}`,
      next: "look at the free space of /run on the host, then run pulumi up again",
    });
  }
  const said: Said = { count: 0, lines: [] };
  const { lines } = said;
  let answered = performance.now();
  const outcome = await keepTrying<number>(
    job.deadlineSeconds,
    async () => {
      const end = await follow(session, job, said);
      answered = performance.now();
      return end;
    },
    (_, last) => {
      const seconds = (performance.now() - answered) / 1000;
      if (last !== undefined && seconds > longestSilenceSeconds) throw outOfReach(job, seconds, last, lines);
    },
  );
  if (outcome.result !== undefined) return { exitCode: outcome.result, output: lines.join("\n") };
  throw new HostError("deadline-exceeded", {
    what: `the job ${job.name} did not end within ${job.deadlineSeconds} s`,
    seen: outcome.last?.details.what ?? "it is still running",
    next: `its output is on the host: ${folder}/${job.name}/log`,
    log: lines.join("\n"),
  });
}

/** A client that died may have left the same job at work: two of them on one disk would destroy each other's work. */
export async function refuseRunningJob(session: HostSession, name: string): Promise<void> {
  const running = await session.run(isRunning(`${folder}/${name}`), { deadlineSeconds: 30 });
  if (running.exitCode === 0) throw stillRunning(name);
}

function isRunning(dir: string): string {
  return `[ ! -e ${dir}/rc ] && grep -qs "${dir}/start" "/proc/$(cat ${dir}/pid 2>/dev/null)/cmdline"`;
}

function stillRunning(name: string): HostError {
  const dir = `${folder}/${name}`;
  return new HostError("job-still-running", {
    what: `an earlier ${name} still works on the host; nothing was started beside it`,
    expected: `no process of ${dir}/start`,
    seen: "one that runs",
    next: `wait until it has ended (its output: ${dir}/log), then run pulumi up again`,
  });
}

/**
 * Who makes the folder starts the job. One that is left over is moved away by exactly one client: who makes `taken` in
 * it, and finds the same folder still. Without a process it counts as being started for half a minute.
 */
function startScript(job: Job): string {
  const dir = `${folder}/${job.name}`;
  // No umask: the job would inherit it, and an activation under 077 makes an /etc that no daemon can read.
  return `set -eu
left_over() {
  [ -e ${dir}/rc ] && return
  pid=$(cat ${dir}/pid 2>/dev/null) || pid=
  if [ -n "$pid" ]; then ! grep -qs "${dir}/start" "/proc/$pid/cmdline"
  else [ $(($(date +%s) - $(stat -c %Y ${dir} || date +%s))) -gt ${startSeconds} ]; fi
}
mkdir -p ${folder}
[ -w ${folder} ]
if ! mkdir -m 700 ${dir} 2>/dev/null; then
  id=$(stat -c %i ${dir} 2>/dev/null) || exit ${atWork}
  left_over && mkdir ${dir}/taken 2>/dev/null || exit ${atWork}
  [ "$(stat -c %i ${dir})" = "$id" ] || { rmdir ${dir}/taken; exit ${atWork}; }
  mv ${dir} ${dir}.$$
  mkdir -m 700 ${dir} 2>/dev/null || exit ${atWork}
  rm -rf ${dir}.$$
fi
printf '%s\\n' ${quote(`(${job.script}\n) </dev/null`)} > ${dir}/script
printf '%s\\n' ${quote(`echo $$ > ${dir}/pid; sh ${dir}/script > ${dir}/log 2>&1; echo $? > ${dir}/rc.tmp; mv ${dir}/rc.tmp ${dir}/rc`)} > ${dir}/start
touch ${dir}/log
${job.keepsDomain === true ? inScope(job.name, dir) : inService(job.name, dir)}`;
}

const hasSystemd = "[ -d /run/systemd/system ] && command -v systemd-run >/dev/null 2>&1";

function inService(name: string, dir: string): string {
  return `if ${hasSystemd}; then
  systemd-run --quiet --collect --service-type=exec --unit=immutable-os-${name}-$$ --setenv=PATH="$PATH" sh ${dir}/start
else
  setsid sh ${dir}/start </dev/null >/dev/null 2>&1 &
fi`;
}

/** A scope is outside of the login's own, too: what ends with that does not end the job. */
function inScope(name: string, dir: string): string {
  const start = `systemd-run --quiet --collect --scope --unit=immutable-os-${name}-$$ sh ${dir}/start`;
  return `if ${hasSystemd}; then
  setsid sh -c ${quote(`${start} || [ -e ${dir}/pid ] || exec sh ${dir}/start`)} </dev/null >/dev/null 2>&1 &
else
  setsid sh ${dir}/start </dev/null >/dev/null 2>&1 &
fi`;
}

/** One look that stays on the host until the job ends or 20 s are over: few commands, live output. */
async function follow(session: HostSession, job: Job, said: Said): Promise<number | undefined> {
  const dir = `${folder}/${job.name}`;
  const look = await session.run(
    `n=${said.count + 1}; i=0; left=${mostLines}
show() { tail -n +$n ${dir}/log | head -n "$1" | cut -c1-${mostLetters}; }
while :; do
  [ -e ${dir}/log ] || exit 76
  [ -e ${dir}/rc ] && end=1 || end=0
  new=$(tail -n +$n ${dir}/log | wc -l)
  [ "$new" -lt $left ] || { show $left; exit 75; }
  [ "$new" -gt 0 ] && { show "$new"; n=$((n+new)); left=$((left-new)); }
  [ $end = 1 ] && { show 1; exit 0; }
  pid=$(cat ${dir}/pid 2>/dev/null) && [ -n "$pid" ] && ! grep -qs "${dir}/start" "/proc/$pid/cmdline" && [ ! -e ${dir}/rc ] && { show $left; exit 77; }
  i=$((i+1)); [ $i -ge 40 ] && exit 75
  sleep 0.5
done`,
    // A machine that is busy with the job takes its time for a look.
    { deadlineSeconds: 90, onLine: (line) => job.onLine(line) },
  );
  if (look.stdout !== "") keep(said, look.stdout.replace(/\n$/, "").split("\n"));
  if (look.exitCode === 75) return undefined;
  if (look.exitCode === 76) throw jobGone(job);
  if (look.exitCode === 77) throw jobKilled(job, said);
  const rc = await session.run(`cat ${dir}/rc`, { deadlineSeconds: 15 });
  const exitCode = Number.parseInt(rc.stdout, 10);
  return Number.isNaN(exitCode) ? undefined : exitCode;
}

function keep(said: Said, lines: readonly string[]): void {
  said.count += lines.length;
  said.lines.push(...lines);
  said.lines.splice(0, said.lines.length - mostLines);
}

function jobGone(job: Job): HostError {
  return new HostError("command-failed", {
    what: `the job ${job.name} is gone from the host`,
    expected: `its output in ${folder}/${job.name}`,
    seen: "no such file: the host has rebooted, most likely",
    next: "look at the machine's console, then run pulumi up again",
  });
}

/** systemd ends a whole unit when one process of it runs out of memory; nobody is left then to write the exit code. */
function jobKilled(job: Job, { lines }: Said): HostError {
  return new HostError("command-failed", {
    what: `the job ${job.name} was killed on the host before its end`,
    expected: "its exit code",
    seen: "neither its process nor an exit code",
    next: "most likely the memory ran out: dmesg on the host tells. Then run pulumi up again",
    log: lines.join("\n"),
  });
}

function outOfReach(job: Job, seconds: number, last: HostError, lines: readonly string[]): HostError {
  return new HostError("unreachable", {
    what: `the machine did not answer for ${Math.round(seconds)} s, while the job ${job.name} was at work`,
    expected: "the machine to answer within that time",
    seen: last.details.what,
    next: "look at the machine's console; the job goes on without a connection, and pulumi up finds it again",
    log: lines.join("\n"),
  });
}
