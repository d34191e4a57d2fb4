import { randomBytes } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { HostError, lastLines } from "../core/errors";
import { quote } from "../core/quote";
import type { Access } from "../core/shell";
import { labelOf } from "./ssh-address";

/** PAM lets a wrong password wait for 2 to 3 s. */
const secondsForSudo = 15;
const mostNoise = 1024 * 1024;

/** What is asked of the connection that sudo is spoken to on. */
interface SudoHost {
  readonly access: Access;
  readonly name: string;
  readonly isOpen: boolean;
  lost(during: string): HostError;
}

interface SudoCommand {
  command: string;
  nonce: string;
  password: string | undefined;
}

/**
 * `command` as root. With a password, sudo asks on stderr by a prompt of ours and reads the answer from stdin; the
 * gate behind it says when sudo is done, and waits for a line before it becomes the command. So the password is
 * sent only when it is asked for, and nothing of the command's own input is ever taken for a password.
 */
export function sudoCommand(command: string, access: Access): SudoCommand {
  const nonce = randomBytes(16).toString("hex");
  if (access.sudoPassword === undefined)
    return { command: `sudo -n -- ${command}`, nonce, password: undefined };
  const gate = String.raw`printf "\036%s gate\n" "$1" >&2; read -r go; shift; exec "$@"`;
  return {
    command: `sudo -S -p ${quote(promptOf(nonce))} -- sh -c ${quote(gate)} sh ${nonce} ${command}`,
    nonce,
    // A password that was read from a file mostly has the file's last newline.
    password: access.sudoPassword.replace(/\r?\n$/, ""),
  };
}

/** Answers sudo, and hands the channel on when the gate is open. */
export function passSudo(
  host: SudoHost,
  channel: ClientChannel,
  sudo: SudoCommand,
  opened: (channel: ClientChannel) => void,
  failed: (error: HostError) => void,
): void {
  let noise = "";
  let received = 0;
  let asked = 0;
  let exit: string | undefined;

  const stop = (): void => {
    clearTimeout(timer);
    channel.off("data", onStdout).off("exit", onExit).off("close", onClose);
    channel.stderr.off("data", onStderr);
  };
  const fail = (error: HostError): void => {
    stop();
    // Nobody reads on: what still comes must not keep the channel from closing.
    channel.resume();
    channel.stderr.resume();
    channel.close();
    failed(error);
  };
  const refuse = (seen: string): void => fail(sudoRefused(host, seen, asked));
  const timer = setTimeout(
    () => refuse(`${noise.trim() || "nothing"} (after ${secondsForSudo} s)`),
    secondsForSudo * 1000,
  );

  const count = (chunk: Buffer): void => {
    received += chunk.length;
    if (received > mostNoise)
      refuse(`more than ${mostNoise / 1024} KiB of ${lastLines(noise, 2).slice(-200)}`);
  };
  const onStdout = (chunk: Buffer): void => {
    if (asked === 0) noise = (noise + chunk.toString()).slice(-4_000);
    count(chunk);
  };
  const onStderr = (chunk: Buffer): void => {
    noise = (noise + chunk.toString()).slice(-4_000);
    if (noise.includes(gateOf(sudo.nonce))) {
      stop();
      channel.write("go\n");
      return opened(channel);
    }
    while (noise.includes(promptOf(sudo.nonce))) {
      noise = noise.replace(promptOf(sudo.nonce), "");
      if (++asked > 1) return refuse(noise.trim() || "it asks again");
      channel.write(`${sudo.password}\n`);
    }
    count(chunk);
  };
  const onExit = (code: number | null, signal?: string): void => void (exit = signal ?? `code ${code}`);
  const onClose = (): void => {
    if (host.isOpen) refuse(`${noise.trim() || "no output"} (exit ${exit ?? "unknown"})`);
    else fail(host.lost("sudo was asking for the password"));
  };

  channel.on("data", onStdout).on("exit", onExit).on("close", onClose);
  channel.stderr.on("data", onStderr);
}

function promptOf(nonce: string): string {
  return `[${nonce} asks]`;
}

function gateOf(nonce: string): string {
  return `\x1e${nonce} gate\n`;
}

/** What sudo says, and what it means. The first that matches counts; `asked` is how often it asked. */
const meanings: [pattern: RegExp, why: (who: Who) => string, next: (who: Who) => string][] = [
  [
    /sudo\S*: (command )?not found|unknown command:? \S*sudo/i,
    ({ place }) => `there is no sudo on ${place}`,
    () => "install sudo on the host, or log in as root",
  ],
  [
    /must have a tty|requiretty/,
    ({ user, place }) => `sudo on ${place} lets user ${user} in only at a terminal`,
    ({ user }) => `add "Defaults:${user} !requiretty" to the host's sudoers, or log in as root`,
  ],
  [
    /not in the sudoers|not allowed to|may not run sudo/,
    ({ user, place }) => `user ${user} may not become root by sudo on ${place}`,
    ({ user }) => `allow "${user} ALL=(ALL) ALL" in the host's sudoers, or log in as root`,
  ],
];

interface Who {
  user: string;
  place: string;
}

/** Why there is no way through sudo. `asked`: how often it asked for the password that was given. */
export function sudoRefused(host: SudoHost, words: string, asked: number): HostError {
  const { access, name: place } = host;
  const { user, sudoPassword } = access;
  const property = `${labelOf(access)}.sudoPassword`;
  // A host that says the password back does not get it into a log.
  const seen = sudoPassword ? words.replaceAll(sudoPassword.trim() || sudoPassword, "***") : words;
  const meaning = meanings.find(([pattern]) => pattern.test(words));
  const refused = (what: string, next: string): HostError =>
    new HostError("login-refused", { what, seen: lastLines(seen, 5), next });
  if (meaning) return refused(meaning[1]({ user, place }), meaning[2]({ user, place }));
  if (asked > 0)
    return refused(`sudo on ${place} does not accept the password of user ${user}`, `correct ${property}`);
  if (sudoPassword === undefined && /sudo: .*(password|terminal|tty)/.test(words)) {
    return refused(
      `sudo asks user ${user} for a password on ${place}`,
      `set ${property}, or allow "${user} ALL=(ALL) NOPASSWD: ALL" in the host's sudoers, or log in as root`,
    );
  }
  return refused(
    `user ${user} is logged in to ${place}, but gets no shell through sudo`,
    `allow "${user} ALL=(ALL) ALL" in the host's sudoers, or log in as root`,
  );
}
