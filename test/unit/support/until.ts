/** Waits for what must come; a machine that is busy with other things may take its time. */
export async function until(what: string, look: () => boolean, tell = (): string => ""): Promise<void> {
  const end = performance.now() + 60_000;
  while (!look()) {
    if (performance.now() > end) throw new Error(`not within 60 s: ${what} ${tell()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
