import { z } from "zod";
import type { Clock } from "../clock.js";
import { accept } from "./check.js";
import { badRequest, notFound } from "./errors.js";

const recordBody = z.object({
  fieldType: z.enum(["A", "AAAA", "CNAME", "TXT", "MX", "NS", "SRV"]),
  subDomain: z.string().nullish(),
  target: z.string().min(1),
  ttl: z.int().min(0).nullish(),
});

const changeBody = recordBody.omit({ fieldType: true }).partial();

/** A record of a DNS zone as the API shows it. */
export interface ZoneRecord {
  readonly id: number;
  readonly zone: string;
  readonly fieldType: string;
  readonly subDomain: string;
  readonly target: string;
  /** Seconds; 0 takes the zone's own. */
  readonly ttl: number;
}

interface Zone {
  records: readonly ZoneRecord[];
  /** What the name servers answer with. */
  served: readonly ZoneRecord[];
  /** What they answer with from a time on. */
  coming: { readonly records: readonly ZoneRecord[]; readonly at: number } | undefined;
}

/** The DNS zones of an account. A change is told to nobody before the zone's refresh. `/domain/zone/{z}` */
export class Zones {
  private readonly zones = new Map<string, Zone>();
  private nextId = 5_000_001;

  constructor(
    names: readonly string[],
    private readonly clock: Clock,
    /** Milliseconds from a refresh until the name servers answer with it. */
    private readonly spreading: number,
  ) {
    for (const name of names) this.zones.set(name, { records: [], served: [], coming: undefined });
  }

  /** Ids of the records that fit. */
  list(name: string, filter: { readonly fieldType?: string; readonly subDomain?: string } = {}): number[] {
    return this.zone(name)
      .records.filter(
        (record) =>
          (filter.fieldType === undefined || record.fieldType === filter.fieldType) &&
          (filter.subDomain === undefined || record.subDomain === filter.subDomain),
      )
      .map(({ id }) => id);
  }

  get(name: string, id: number): ZoneRecord {
    const record = this.zone(name).records.find((one) => one.id === id);
    if (record === undefined) throw notFound(`The requested object (id = ${id}) does not exist`);
    return record;
  }

  create(name: string, body: unknown): ZoneRecord {
    const zone = this.zone(name);
    const { fieldType, subDomain, target, ttl } = accept(recordBody, body);
    checkTtl(ttl);
    if (fieldType === "A" && !/^(\d{1,3}\.){3}\d{1,3}$/.test(target)) {
      throw badRequest(`Invalid parameter target: ${target} is not an IPv4 address`);
    }
    const record = {
      id: this.nextId++,
      zone: name,
      fieldType,
      subDomain: subDomain ?? "",
      target,
      ttl: ttl ?? 0,
    };
    zone.records = [...zone.records, record];
    return record;
  }

  change(name: string, id: number, body: unknown): void {
    const { subDomain, target, ttl } = accept(changeBody, body);
    checkTtl(ttl);
    const before = this.get(name, id);
    const after = {
      ...before,
      subDomain: subDomain ?? "",
      target: target ?? before.target,
      ttl: ttl ?? 0,
    };
    const zone = this.zone(name);
    zone.records = zone.records.map((record) => (record.id === id ? after : record));
  }

  delete(name: string, id: number): void {
    this.get(name, id);
    const zone = this.zone(name);
    zone.records = zone.records.filter((record) => record.id !== id);
  }

  /** Hands the zone's records to the name servers, which takes them a while. */
  refresh(name: string): void {
    const zone = this.zone(name);
    this.settle(zone);
    zone.coming = { records: zone.records, at: this.clock.now() + this.spreading };
  }

  /** The addresses that the world finds a name at. */
  resolve(name: string): string[] {
    const asked = name.replace(/\.$/, "").toLowerCase();
    return [...this.zones].flatMap(([origin, zone]) => {
      this.settle(zone);
      return zone.served
        .filter(({ fieldType, subDomain }) => fieldType === "A" && fullName(subDomain, origin) === asked)
        .map(({ target }) => target);
    });
  }

  /** Every record of every zone. */
  records(): ZoneRecord[] {
    return [...this.zones.values()].flatMap(({ records }) => records);
  }

  private settle(zone: Zone): void {
    if (zone.coming === undefined || zone.coming.at > this.clock.now()) return;
    zone.served = zone.coming.records;
    zone.coming = undefined;
  }

  private zone(name: string): Zone {
    const zone = this.zones.get(name);
    if (zone === undefined) throw notFound(`This service does not exist: zone ${name}`);
    return zone;
  }
}

function fullName(subDomain: string, origin: string): string {
  return (subDomain === "" ? origin : `${subDomain}.${origin}`).toLowerCase();
}

function checkTtl(ttl: number | null | undefined): void {
  if (ttl && ttl < 60) throw badRequest(`Invalid parameter ttl: ${ttl} is less than 60`);
}
