/** What sshd_config(5) says, as far as a simulated server minds it. */
export interface SshdConfig {
  /** Whether root logs in, by a key. */
  readonly permitRootLogin: boolean;
  /** Whether connections are forwarded that a client asks for (direct-tcpip). */
  readonly allowTcpForwarding: boolean;
  /** Where to, as `host:port`; `*` stands for any. @default - anywhere */
  readonly permitOpen?: readonly string[];
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  permitrootlogin: ["yes", "prohibit-password", "without-password", "no"],
  allowtcpforwarding: ["yes", "all", "local", "remote", "no"],
};

/**
 * Reads sshd_config(5). The first value of a keyword counts.
 *
 * @throws Error for what is not in the manual page, or not simulated
 */
export function parseSshdConfig(text: string): SshdConfig {
  const values = new Map<string, readonly string[]>();
  text.split("\n").forEach((line, index) => {
    const [keyword = "", ...words] = line.trim().split(/[\s=]+/);
    if (keyword === "" || keyword.startsWith("#")) return;
    const name = keyword.toLowerCase();
    const where = `sshd_config line ${index + 1}`;
    if (WORDS[name] === undefined && name !== "permitopen")
      throw new Error(`${where}: Bad configuration option: ${keyword}`);
    if (words.length === 0) throw new Error(`${where}: no argument after keyword "${keyword}"`);
    if (WORDS[name]?.includes(words[0] as string) === false)
      throw new Error(`${where}: unsupported option "${words[0]}".`);
    if (!values.has(name)) values.set(name, words);
  });
  const [root = "prohibit-password"] = values.get("permitrootlogin") ?? [];
  const [forwarding = "yes"] = values.get("allowtcpforwarding") ?? [];
  const open = values.get("permitopen");
  return {
    permitRootLogin: root !== "no",
    allowTcpForwarding: ["yes", "all", "local"].includes(forwarding),
    ...(open === undefined || open[0] === "any" ? {} : { permitOpen: open }),
  };
}

/** Whether a client may have a connection forwarded to here. */
export function mayForward(
  { allowTcpForwarding, permitOpen }: SshdConfig,
  host: string,
  port: number,
): boolean {
  if (!allowTcpForwarding) return false;
  return (
    permitOpen?.some((one) => {
      const at = one.lastIndexOf(":");
      const [allowed, allowedPort] = [one.slice(0, at), one.slice(at + 1)];
      return (allowed === "*" || allowed === host) && (allowedPort === "*" || Number(allowedPort) === port);
    }) ?? true
  );
}
