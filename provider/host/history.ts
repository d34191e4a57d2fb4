const historyLength = 5;

/** The last systems that were confirmed, newest first; the same one again is no new entry. */
export function historyWith<Entry extends { at: string }>(
  history: readonly Entry[],
  confirmed: Omit<Entry, "at">,
  same: keyof Omit<Entry, "at">,
): Entry[] {
  if (history[0]?.[same] === confirmed[same]) return [...history];
  return [{ ...confirmed, at: new Date().toISOString() } as Entry, ...history].slice(0, historyLength);
}
