/** Waits until a condition holds. @throws Error that says what was waited for */
export async function until(condition: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const started = Date.now();
  while (!condition()) {
    if (Date.now() - started > deadlineMs) throw new Error(`${what}: not within ${deadlineMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
