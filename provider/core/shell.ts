/** What a host can be asked to do, once somebody is logged in. Implemented by transport/, faked by nobody. */
export interface Shell {
  /** The key that the host proved to own in this session's handshake. */
  readonly hostKey: HostKey;
  /** Runs a POSIX sh script, sent on stdin: nothing of it is ever seen in a process list. */
  run(script: string, options: RunOptions): Promise<CommandResult>;
  /** Streams a local file into `remotePath` (mode 0600), without a copy in memory. */
  upload(localPath: string, remotePath: string, options: UploadOptions): Promise<void>;
  /** Listens on a private local unix socket; every connection to it talks to its own run of `command`. */
  relay(command: string): Promise<Relay>;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface RunOptions {
  deadlineSeconds: number;
  /** Called for every line of stdout and stderr as it comes, for progress and logs. */
  onLine?: (line: string) => void;
}

export interface UploadOptions {
  deadlineSeconds: number;
  onProgress?: (sentBytes: number, totalBytes: number) => void;
}

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface Relay {
  socketPath: string;
  /** What the commands on the host wrote to stderr: the reason that the local client cannot see. */
  remoteErrors(): string;
  /** Bytes sent to the host so far. */
  sentBytes(): number;
  close(): Promise<void>;
}

export interface HostKey {
  /** The OpenSSH form without a comment: `ssh-ed25519 AAAA…`. */
  publicKey: string;
  /** The form that `ssh-keygen -l` prints: `SHA256:…`. */
  fingerprint: string;
}

/** One way into a host: an address, a login, and the keys that the host may answer with. */
export interface Access {
  /** The property that errors send the reader to: `install.connection`. Default: `connection`. */
  label?: string;
  host: string;
  port: number;
  user: string;
  auth: AccessAuth;
  /** Accepted keys, as public keys or fingerprints. `undefined`: take the first one and report it. */
  hostKeys: readonly string[] | undefined;
  /** Commands run through `sudo` when the user is not root. */
  sudo: boolean;
  /** What sudo is told when it asks. `undefined`: it must not ask. */
  sudoPassword?: string;
  /** Another host, through which this one is reached. */
  jump?: Access;
  /** Seconds until the host must have answered with its ssh banner. */
  connectTimeoutSeconds: number;
}

export interface AccessAuth {
  /** The property that the key comes from. Default: `connection`. */
  label?: string;
  privateKey?: string;
  privateKeyPath?: string;
  passphrase?: string;
  /** Path of the agent's socket. */
  agentSocket?: string;
}

/** Opens one ssh connection, or throws a HostError with `unreachable`, `host-key-mismatch` or `login-refused`. */
export type Connect = (access: Access) => Promise<Shell>;

export interface LocalResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a program on the machine where the Pulumi program runs. Never throws for an exit code. */
export type RunLocal = (
  program: string,
  args: readonly string[],
  options: { deadlineSeconds: number; onLine?: (line: string) => void; env?: Record<string, string> },
) => Promise<LocalResult>;
