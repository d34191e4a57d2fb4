// What the set-up says while it works: a line when a step starts, one every 15 s, and one at its end.

export function say(line) {
  process.stderr.write(`[set-up] ${line}\n`);
}

export function elapsed(since) {
  const seconds = Math.round((Date.now() - since) / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `detail` may give a word on how far the step is. */
export async function step(label, work, detail = () => "") {
  const start = Date.now();
  say(`${label} …`);
  const ticker = setInterval(() => say(`${label}: ${elapsed(start)} so far${detail()}`), 15_000);
  try {
    const result = await work();
    say(`${label}: done in ${elapsed(start)}`);
    return result;
  } finally {
    clearInterval(ticker);
  }
}
