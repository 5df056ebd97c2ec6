import { z } from "zod";
import { STORAGE_REGIONS } from "../../config/backend.js";
import type { Clock } from "../clock.js";
import { accept } from "./check.js";
import { isoTime } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";
import type { Users } from "./users.js";

/** One version of an object of a bucket. */
export interface StoredObject {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
  readonly isLatest: boolean;
  readonly lastModified: string;
}

/** A bucket as the API shows it. `/cloud/project/{p}/region/{r}/storage` */
export interface Bucket {
  readonly name: string;
  readonly region: string;
  readonly virtualHost: string;
  readonly ownerId: number;
  readonly createdAt: string;
  readonly objectsCount: number;
  readonly objectsSize: number;
  readonly objects: readonly StoredObject[];
  readonly versioning: { readonly status: Versioning };
  readonly encryption: { readonly sseAlgorithm: Encryption };
  readonly tags?: Readonly<Record<string, string>>;
}

type Versioning = "disabled" | "enabled" | "suspended";
type Encryption = "AES256" | "plaintext";

interface Item {
  readonly name: string;
  readonly region: string;
  readonly ownerId: number;
  readonly createdAt: number;
  versioning: Versioning;
  encryption: Encryption;
  tags: Readonly<Record<string, string>> | undefined;
  objects: StoredObject[];
}

const changes = {
  versioning: z.object({ status: z.enum(["disabled", "enabled", "suspended"]) }).nullish(),
  encryption: z.object({ sseAlgorithm: z.enum(["AES256", "plaintext"]) }).nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
};
const created = z.object({
  ...changes,
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "not the name of a bucket"),
  ownerId: z.int().nullish(),
});

/** The S3 buckets of a project; what is stored in them comes by S3, which is not served here. */
export class Buckets {
  private readonly items = new Map<string, Item>();
  private versions = 1;

  constructor(
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  list(region: string): Bucket[] {
    checkRegion(region);
    return [...this.items.values()].filter((item) => item.region === region).map((item) => render(item));
  }

  get(region: string, name: string): Bucket {
    return render(this.item(region, name));
  }

  /** Makes a bucket, at once. @throws ApiError */
  create(region: string, body: unknown): Bucket {
    checkRegion(region);
    const { name, ownerId, versioning, encryption, tags } = accept(created, body);
    // Names are unique in a region for all of OVH's customers.
    if (this.items.has(`${region}/${name}`)) throw conflict(`Bucket ${name} already exists`);
    const item: Item = {
      name,
      region,
      ownerId: ownerId ?? 0,
      createdAt: this.clock.now(),
      versioning: versioning?.status ?? "disabled",
      encryption: encryption?.sseAlgorithm ?? "plaintext",
      tags: tags ?? undefined,
      objects: [],
    };
    if (typeof ownerId === "number") this.checkOwner(ownerId);
    this.items.set(`${region}/${name}`, item);
    return render(item);
  }

  update(region: string, name: string, body: unknown): void {
    const { versioning, encryption, tags } = accept(z.object(changes), body);
    const item = this.item(region, name);
    if (versioning?.status === "disabled" && item.versioning !== "disabled") {
      throw badRequest("Invalid parameter versioning.status: it can only be suspended");
    }
    item.versioning = versioning?.status ?? item.versioning;
    item.encryption = encryption?.sseAlgorithm ?? item.encryption;
    item.tags = tags ?? item.tags;
  }

  delete(region: string, name: string): void {
    const item = this.item(region, name);
    if (item.objects.length > 0) throw conflict(`Bucket ${name} is not empty`);
    this.items.delete(`${region}/${name}`);
  }

  /** All objects; without their versions, only the latest of each. */
  objects(region: string, name: string, withVersions: boolean): readonly StoredObject[] {
    return this.item(region, name).objects.filter(({ isLatest }) => withVersions || isLatest);
  }

  /** Deletes versions of objects. @throws ApiError */
  bulkDelete(region: string, name: string, body: unknown): void {
    const named = z.object({ key: z.string(), versionId: z.string().nullish() });
    const { objects } = accept(z.object({ objects: z.array(named) }), body);
    const item = this.item(region, name);
    item.objects = item.objects.filter(
      (stored) =>
        !objects.some(
          ({ key, versionId }) => key === stored.key && (versionId ?? stored.versionId) === stored.versionId,
        ),
    );
  }

  /** What somebody stores by S3. */
  store(region: string, name: string, key: string, size: number): void {
    const item = this.item(region, name);
    const older = item.objects.filter((stored) => stored.key !== key || item.versioning === "enabled");
    item.objects = [
      ...older.map((stored) => (stored.key === key ? { ...stored, isLatest: false } : stored)),
      {
        key,
        size,
        isLatest: true,
        versionId: `v${this.versions++}`,
        lastModified: isoTime(this.clock.now()),
      },
    ];
  }

  /** Every bucket, for those who look for what was left behind. */
  names(): string[] {
    return [...this.items.keys()];
  }

  private checkOwner(id: number): void {
    const { status, roles } = this.users.get(String(id));
    if (status !== "ok") throw conflict(`User ${id} is not ready`);
    if (!roles.some(({ name }) => name === "objectstore_operator" || name === "administrator")) {
      throw badRequest(`Invalid parameter ownerId: user ${id} may not use Object Storage`);
    }
  }

  private item(region: string, name: string): Item {
    checkRegion(region);
    const item = this.items.get(`${region}/${name}`);
    if (item === undefined) throw notFound(`Bucket ${name} does not exist`);
    return item;
  }
}

function checkRegion(region: string): void {
  if (!STORAGE_REGIONS.some((known) => known.toUpperCase() === region)) {
    throw notFound(`Region ${region} has no Object Storage`);
  }
}

function render({ objects, createdAt, versioning, encryption, tags, ...item }: Item): Bucket {
  return {
    ...item,
    createdAt: isoTime(createdAt),
    virtualHost: `https://${item.name}.s3.${item.region.toLowerCase()}.io.cloud.ovh.net/`,
    objects,
    objectsCount: objects.length,
    objectsSize: objects.reduce((sum, { size }) => sum + size, 0),
    versioning: { status: versioning },
    encryption: { sseAlgorithm: encryption },
    ...(tags === undefined ? {} : { tags }),
  };
}
