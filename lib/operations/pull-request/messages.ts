/** One error or warning of Terraform's. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail: string;
  /** The resource that it is about. */
  readonly address?: string;
}

/**
 * The errors and warnings among the lines that `terraform plan -json` printed. Lines that are no
 * JSON are one error together: so a Terraform that did not start is told of too.
 */
export function diagnosticsIn(messages: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  let loose: string[] = [];
  const end = () => {
    const text = loose.join("\n").trim();
    if (text !== "") found.push({ severity: "error", summary: text, detail: "" });
    loose = [];
  };
  for (const line of messages.split("\n")) {
    const parsed = parse(line);
    if (parsed === undefined) {
      loose.push(line);
      continue;
    }
    end();
    if (parsed.diagnostic === undefined) continue;
    const { severity, summary, detail, address } = parsed.diagnostic;
    found.push({
      severity,
      summary: String(summary),
      detail: String(detail ?? ""),
      ...(address ? { address: String(address) } : {}),
    });
  }
  end();
  return found;
}

function parse(line: string): { readonly diagnostic?: Diagnostic } | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
