import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
const sha256 = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");
const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * One bucket by as much of S3 as Terraform's backend uses: path style, signature version 4, conditional
 * writes. As OVH's server once did, it knows no chunked uploads with trailing checksums.
 */
export class S3Server {
  static readonly ID = "s3-access-id";
  static readonly SECRET = "s3-sentinel-4711";
  static readonly BUCKET = "edge-state";
  static readonly REGION = "sim";
  readonly objects = new Map<string, Buffer>();
  /** Method, path and status of each request. */
  readonly requests: string[] = [];
  private server: Server | undefined;

  static async start(): Promise<S3Server> {
    const made = new S3Server();
    made.server = createServer((request, response) => void made.answer(request, response));
    await new Promise<void>((resolve) => made.server?.listen(0, "127.0.0.1", () => resolve()));
    return made;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server?.address() as AddressInfo).port}`;
  }

  environment(): Record<string, string> {
    return { AWS_ACCESS_KEY_ID: S3Server.ID, AWS_SECRET_ACCESS_KEY: S3Server.SECRET };
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server?.close(() => resolve());
      this.server?.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url as string, this.endpoint);
    const [status, text] = this.judge(request, url, body);
    this.requests.push(`${request.method} ${url.pathname} ${status}`);
    const whole = Buffer.from(text);
    const headers: Record<string, string | number> = { "content-type": "application/xml" };
    if (status === 200) headers.etag = `"${createHash("md5").update(whole).digest("hex")}"`;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (status !== 200 || range === null) {
      headers["content-length"] = whole.length;
      response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : whole);
      return;
    }
    const part = whole.subarray(Number(range[1]), Number(range[2]) + 1);
    headers["content-range"] = `bytes ${range[1]}-${Number(range[1]) + part.length - 1}/${whole.length}`;
    headers["content-length"] = part.length;
    response.writeHead(206, headers).end(part);
  }

  private judge(request: IncomingMessage, url: URL, body: Buffer): [number, string | Buffer] {
    const wrong = this.misuse(request, url, body);
    if (wrong !== undefined) return [wrong === "SignatureDoesNotMatch" ? 403 : 400, error(wrong)];
    const [, bucket, ...rest] = decodeURIComponent(url.pathname).split("/");
    if (bucket !== S3Server.BUCKET) return [404, error("NoSuchBucket")];
    const key = rest.join("/");
    if (key === "") return [200, this.listing(url.searchParams.get("prefix") ?? "")];
    const found = this.objects.get(key);
    switch (request.method) {
      case "GET":
      case "HEAD":
        return found === undefined ? [404, error("NoSuchKey")] : [200, found];
      case "DELETE":
        this.objects.delete(key);
        return [204, ""];
      case "PUT":
        if (request.headers["if-none-match"] === "*" && found !== undefined) {
          return [412, error("PreconditionFailed")];
        }
        this.objects.set(key, body);
        return [200, ""];
      default:
        return [405, error("MethodNotAllowed")];
    }
  }

  private listing(prefix: string): string {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const contents = keys.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("");
    return `<ListBucketResult><Name>${S3Server.BUCKET}</Name><Prefix>${prefix}</Prefix><KeyCount>${keys.length}</KeyCount><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`;
  }

  /** What is wrong with a request's signature or its body, if anything is. */
  private misuse(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
    const { authorization = "" } = request.headers;
    const given =
      /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
        authorization,
      );
    if (given === null) return "SignatureDoesNotMatch";
    const [, id, day, region, signed, signature] = given as unknown as string[];
    const payload = request.headers["x-amz-content-sha256"] as string;
    if (/^STREAMING-/.test(payload)) return "InvalidArgument";
    if (payload !== "UNSIGNED-PAYLOAD" && payload !== sha256(body)) return "XAmzContentSHA256Mismatch";
    const names = (signed as string).split(";");
    const query = [...url.searchParams]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .sort()
      .join("&");
    const canonical = [
      request.method,
      url.pathname,
      query,
      ...names.map((name) => `${name}:${String(request.headers[name] ?? "").trim()}`),
      "",
      signed,
      payload,
    ].join("\n");
    const scope = `${day}/${region}/s3/aws4_request`;
    const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, sha256(canonical)].join("\n");
    const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
      (secret, part) => hmac(secret, part as string),
      `AWS4${S3Server.SECRET}`,
    );
    const right = id === S3Server.ID && region === S3Server.REGION;
    return right && hmac(key, text).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
  }
}

function error(code: string): string {
  return `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}
