import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";

/** Where a secret was found. */
export interface Find {
  readonly secret: string;
  readonly where: string;
  /** Permission bits of the file, in octal digits. */
  readonly mode?: string;
}

/** How a secret may be written: as it is, as JSON or HCL has it, in a URL, and in base64 of three offsets. */
export function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.from(`${" ".repeat(offset)}${secret}`).toString("base64");
    // The ends depend on what stands beside it.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  return [
    ...new Set([
      secret,
      json,
      JSON.stringify(json).slice(1, -1),
      // Go's encoder writes these three by their numbers.
      json.replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`),
      encodeURIComponent(secret),
      ...inBase64,
    ]),
  ];
}

/** Looks for secrets, by their names, in bytes. */
export class Search {
  private readonly needles: readonly { readonly secret: string; readonly bytes: Buffer }[];

  constructor(secrets: Readonly<Record<string, string>>) {
    this.needles = Object.entries(secrets).flatMap(([secret, value]) =>
      spellings(value).map((text) => ({ secret, bytes: Buffer.from(text) })),
    );
  }

  /** Names of the secrets in some bytes. */
  in(bytes: Buffer | string): string[] {
    const whole = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    return [...new Set(this.needles.filter((one) => whole.includes(one.bytes)).map(({ secret }) => secret))];
  }

  /** All files below a folder, links not followed; what is packed in a zip is unpacked. */
  below(folder: string, name = ""): Find[] {
    const finds: Find[] = [];
    for (const entry of list(folder)) {
      const path = join(folder, entry);
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      const where = `${name}/${entry}`;
      if (found.isDirectory()) finds.push(...this.below(path, where));
      else if (found.isFile()) {
        const mode = (found.mode & 0o7777).toString(8).padStart(4, "0");
        for (const secret of this.in(withUnpacked(readFileSync(path)))) finds.push({ secret, where, mode });
      }
    }
    return finds;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** A file's bytes; of a zip those of its entries as well. */
function withUnpacked(bytes: Buffer): Buffer {
  if (bytes.subarray(0, 4).toString("latin1") !== "PK\x03\x04") return bytes;
  const parts = [bytes];
  // The table at the end has sizes that each entry's own header may lack.
  for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 4)) {
    const [size, start] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 42)];
    const data = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
    const packed = bytes.subarray(data, data + size);
    parts.push(bytes.readUInt16LE(at + 10) === 8 ? inflateRawSync(packed) : packed);
  }
  return Buffer.concat(parts);
}

/** Notes, again and again, which processes have a secret among their arguments, and which temporary files. */
export class Watch {
  /** Argument lists with a secret, the secrets by their names in place. */
  readonly argumentLists = new Set<string>();
  readonly temporaryFiles = new Map<string, string>();
  looks = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly search: Search,
    private readonly secrets: Readonly<Record<string, string>>,
    private readonly temporary: string,
  ) {
    this.timer = setInterval(() => this.look(), 10);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    this.looks++;
    for (const pid of list("/proc")) {
      if (!/^\d+$/.test(pid)) continue;
      const bytes = read(`/proc/${pid}/cmdline`);
      if (bytes === undefined || this.search.in(bytes).length === 0) continue;
      this.argumentLists.add(this.masked(bytes.toString().replaceAll("\0", " ").trim()));
    }
    for (const { where, mode } of this.search.below(this.temporary))
      this.temporaryFiles.set(where, mode as string);
  }

  private masked(text: string): string {
    return Object.entries(this.secrets).reduce(
      (result, [name, value]) => result.replaceAll(value, `<${name}>`),
      text,
    );
  }
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
