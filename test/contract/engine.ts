// A stand-in for Pulumi's engine: the log service that a plugin is given, which keeps every line.
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogSeverity, type LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

export interface LogLine {
  message: string;
  severity: "info" | "warning" | "error" | "debug";
  urn: string;
  stream: number;
  ephemeral: boolean;
}

const severities = {
  [LogSeverity.DEBUG]: "debug",
  [LogSeverity.INFO]: "info",
  [LogSeverity.WARNING]: "warning",
  [LogSeverity.ERROR]: "error",
} as const;

export class Engine {
  readonly lines: LogLine[] = [];
  private readonly server = new Server();
  address = "";

  async start(): Promise<this> {
    this.server.addService(EngineService, {
      log: (call: ServerUnaryCall<LogRequest, Empty>, answer: sendUnaryData<Empty>) => {
        const { message, severity, urn, streamid, ephemeral } = call.request.toObject();
        this.lines.push({ message, severity: severities[severity], urn, stream: streamid, ephemeral });
        answer(null, new Empty());
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  /** What a resource's row was told, in order. */
  of(urn: string): LogLine[] {
    return this.lines.filter((line) => line.urn === urn);
  }

  lasting(urn: string): string[] {
    return this.of(urn)
      .filter((line) => !line.ephemeral)
      .map((line) => (line.severity === "warning" ? `warning: ${line.message}` : line.message));
  }

  stop(): void {
    this.server.forceShutdown();
  }
}
