import { createInterface } from "node:readline/promises";

/** Asks a person; where nobody can answer, only `yes` does. @throws Error where neither can */
export async function confirm(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY) throw new Error(`${question} Nobody can answer here; say --yes`);
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await reader.question(`${question} [y/N] `);
  reader.close();
  return /^y(es)?$/i.test(answer);
}
