/** Waits for something, but no longer than some milliseconds. @throws Error with `late` when it takes longer */
export async function within<T>(work: Promise<T>, ms: number, late: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late)), ms);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
    // What comes too late is nobody's business any more.
    work.catch(() => {});
  }
}
