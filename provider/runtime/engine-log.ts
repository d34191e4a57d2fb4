import { setTimeout as sleep } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "info" | "warning" | "error";

const severities: Record<Severity, LogSeverity> = {
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** Lasting lines are stream 0; a stream's first message decides whether all of it is ephemeral, so those get their own. */
const lastingStream = 0;
let nextStream = 1;

/**
 * Pulumi's own display, reached through the engine's log service: a dynamic provider is not given one
 * (pulumi/pulumi#6065), but the plugin's last argument is the engine's address.
 */
export class EngineLog {
  private readonly stream = nextStream++;
  private readonly client: EngineClient | undefined;

  constructor(private readonly urn: string) {
    this.client = engineClient();
  }

  lasting(message: string, severity: Severity = "info"): void {
    this.send(message, severity, lastingStream, false);
  }

  /** Shown on the resource's row until the next one. */
  ephemeral(message: string): void {
    this.send(message, "info", this.stream, true);
  }

  private send(message: string, severity: Severity, stream: number, ephemeral: boolean): void {
    if (this.client === undefined) {
      if (!ephemeral) console.log(message);
      return;
    }
    const request = new LogRequest();
    request.setSeverity(severities[severity]);
    request.setMessage(message);
    request.setUrn(this.urn);
    request.setStreamid(stream);
    request.setEphemeral(ephemeral);
    const { client } = this;
    // A display that is gone must not end the work that it shows.
    const sent = new Promise<void>((resolve) => client.log(request, () => resolve()));
    inFlight.add(sent);
    void sent.then(() => inFlight.delete(sent));
  }
}

const inFlight = new Set<Promise<void>>();
const longestFlushMilliseconds = 2000;

/** The engine may end this process as soon as a call is answered: what was said must have arrived before. */
export async function flushLog(): Promise<void> {
  await Promise.race([Promise.all(inFlight), sleep(longestFlushMilliseconds, undefined, { ref: false })]);
}

let shared: EngineClient | undefined;

function engineClient(): EngineClient | undefined {
  const address = process.argv.at(-1) ?? "";
  if (!/^[\w.[\]:-]+:\d+$/.test(address)) return undefined;
  shared ??= new EngineClient(address, credentials.createInsecure());
  return shared;
}
