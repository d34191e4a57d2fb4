/** What fetch failed of, in words: it hides the reason in the cause. */
export function fetchError(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return [message ?? String(error), cause?.message || cause?.code]
    .filter((text) => text !== undefined && text !== "")
    .map((text) => withoutAddress(String(text)))
    .join(": ");
}

/** Some messages end in the whole URL, whose user, password or query nobody else may read. */
function withoutAddress(message: string): string {
  return message.replace(/(?:(?<=\bURL from )|(?<=credentials: )|[a-z][a-z0-9+.-]*:\/\/).*$/is, "[URL]");
}
