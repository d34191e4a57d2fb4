const maxLine = 4_096;

/** Cuts a stream of text into lines. A line that does not end is passed on in pieces. */
export class LineSplitter {
  private rest = "";

  constructor(private readonly onLine: ((line: string) => void) | undefined) {}

  push(text: string): void {
    if (!this.onLine) return;
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.pass(line.replace(/\r$/, ""));
    while (this.rest.length > maxLine) {
      this.pass(this.rest.slice(0, maxLine));
      this.rest = this.rest.slice(maxLine);
    }
  }

  flush(): void {
    if (this.rest !== "") this.pass(this.rest);
    this.rest = "";
  }

  private pass(line: string): void {
    this.onLine?.(line.length > maxLine ? `${line.slice(0, maxLine)}…` : line);
  }
}
