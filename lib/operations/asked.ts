/** An answer, or why there is none. */
export type Asked<T> = { readonly value: T } | { readonly failed: string };

/** Waits for an answer; what fails becomes part of the result. */
export async function asked<T>(answer: Promise<T>): Promise<Asked<T>> {
  try {
    return { value: await answer };
  } catch (error) {
    return { failed: (error as Error).message };
  }
}
