import { createConnection, type Socket } from "node:net";
import { once } from "node:events";
import { createInterface } from "node:readline";

const ANSWER_DEADLINE_SECONDS = 120;

/** One command of QEMU's machine protocol over a connection of its own; resolves to what it returned. */
export async function qmp(socketPath: string, command: string, args?: object): Promise<unknown> {
  const socket = createConnection(socketPath);
  try {
    await once(socket, "connect");
    socket.on("error", () => undefined); // every one is followed by the end of the answers
    const answers = answersOf(socket);
    await answers.next(); // the greeting
    socket.write(JSON.stringify({ execute: "qmp_capabilities" }) + "\n");
    await answers.next();
    socket.write(JSON.stringify({ execute: command, arguments: args }) + "\n");
    const answer = await answers.next();
    if (answer.error) throw new Error(`QEMU refused ${command}: ${answer.error.desc}`);
    return answer.return;
  } finally {
    socket.destroy();
  }
}

/** A command of QEMU's monitor for people; it prints its errors, so whatever it prints is taken for one. */
export async function monitor(socketPath: string, command: string): Promise<void> {
  const output = (await qmp(socketPath, "human-monitor-command", { "command-line": command })) as string;
  if (output) throw new Error(`QEMU's monitor, ${command}: ${output.trim()}`);
}

interface Answer {
  return?: unknown;
  error?: { desc: string };
  event?: string;
}

/** What QEMU says, one answer at a time; events are left out. */
function answersOf(socket: Socket): { next(): Promise<Answer> } {
  socket.setTimeout(ANSWER_DEADLINE_SECONDS * 1000, () => socket.destroy(new Error("QEMU does not answer")));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    async next() {
      for (;;) {
        const line = await lines.next();
        if (line.done) throw new Error("QEMU closed the connection");
        const answer = JSON.parse(line.value) as Answer;
        if (!answer.event) return answer;
      }
    },
  };
}
