/**
 * All of the standard input.
 *
 * @throws Error at a terminal, where nobody would type what is wanted
 */
export async function standardInput(wanted: string): Promise<string> {
  if (process.stdin.isTTY) throw new Error(`standard input is a terminal; ${wanted}`);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
