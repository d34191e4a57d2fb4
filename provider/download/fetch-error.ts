/** What fetch failed of, in words: it hides the reason in the cause. */
export function fetchError(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return [message ?? String(error), cause?.message || cause?.code].filter(Boolean).join(": ");
}
