import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What somebody wanted to publish. */
export interface Published {
  readonly name: string;
  readonly versions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly _attachments: Readonly<Record<string, { readonly data: string }>>;
}

/** A registry of npm's on loopback that knows no package and takes every one. */
export class Registry {
  readonly published: Published[] = [];
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const isPut = request.method === "PUT";
      if (isPut) this.published.push(JSON.parse(Buffer.concat(chunks).toString("utf8")));
      response.statusCode = isPut ? 200 : 404;
      response.end("{}");
    });
  });

  /** @returns flags with which npm takes it for the registry */
  async open(): Promise<string[]> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", () => resolve()));
    const host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return ["--registry", `http://${host}`, `--//${host}/:_authToken=anybody`];
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
