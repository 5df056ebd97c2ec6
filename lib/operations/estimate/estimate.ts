import { exists } from "../../config/edge.js";
import { formatIssue } from "../../config/errors.js";
import type { EdgeConfig } from "../../config/schema.js";
import { nearest } from "../../config/suggest.js";
import { type Catalog, type CatalogPlan, PRICE_UNIT } from "./catalog.js";

/** Hours of a month, as OVH counts them on average. */
export const HOURS_PER_MONTH = 730;

/** A price of the catalogue. */
export interface Price {
  readonly planCode: string;
  /** In 10^-8 of the currency, without taxes. */
  readonly price: number;
}

/** What one edge costs. */
export interface EdgeCost {
  readonly name: string;
  readonly flavor: string;
  readonly hourly: Price;
  /** Billed by the month; undefined for flavors that are not. */
  readonly monthly?: Price;
}

/** What the stack costs, without taxes. */
export interface Estimate {
  readonly currency: string;
  /** In percent; undefined where the catalogue does not tell. */
  readonly taxRate?: number;
  readonly edges: readonly EdgeCost[];
  /** Names of the edges that exist already, which cost what they cost. */
  readonly existing: readonly string[];
  /** Undefined where the catalogue does not have it; `ipPlan` says what was looked for. */
  readonly ip?: Price;
  readonly ipPlan: string;
  /** An hour of all edges, in 10^-8 of the currency. */
  readonly hour: number;
  /** A month of everything with the edges billed by the hour. */
  readonly monthByHour: number;
  /** A month of everything with the edges billed by the month; undefined where a flavor is not. */
  readonly monthByMonth?: number;
}

/** What a catalogue does not tell. */
export interface EstimateOptions {
  /** Last part of the plan codes, such as `3AZ`. @default - by the region, where the catalogue tells */
  readonly variant?: string;
  /** Plan code of the FailOver IP. @default - that of OVH's registry for the endpoint */
  readonly ipPlan?: string;
  /** A catalogue that has the IP. @default - the one of the flavors */
  readonly ipCatalog?: Catalog;
}

/**
 * What the edges and the IP of a configuration cost by a catalogue.
 *
 * @throws Error with all flavors that have no price, and what was meant perhaps
 */
export function estimateOf(config: EdgeConfig, catalog: Catalog, options: EstimateOptions = {}): Estimate {
  const issues: string[] = [];
  const edges = config.edges.flatMap((edge, index): EdgeCost[] => {
    if (exists(edge)) return [];
    const { name, flavor } = edge;
    const hourly = planOf(catalog, flavor, "consumption", "hour", config, options.variant);
    if (typeof hourly === "string") {
      issues.push(formatIssue({ path: `edges[${index}].flavor`, message: hourly }));
      return [];
    }
    const monthly = planOf(catalog, flavor, "monthly.postpaid", "month", config, options.variant);
    return [{ name, flavor, hourly, ...(typeof monthly === "string" ? {} : { monthly }) }];
  });
  if (issues.length > 0) throw new Error(issues.join("\n"));
  const ipPlan =
    options.ipPlan ??
    config.failoverIps[0].order?.planCode ??
    (config.ovh.endpoint === "ovh-eu" ? "ip-failover-ripe" : "ip-failover-arin");
  const ip = ipPrice(options.ipCatalog ?? catalog, ipPlan);
  if (ip === undefined && (options.ipPlan !== undefined || options.ipCatalog !== undefined)) {
    throw new Error(
      `--ip-plan must be a plan with a monthly price in the catalogue, got ${ipPlan}; look it up there, or leave it out`,
    );
  }
  const { currencyCode: currency, taxRate } = catalog.locale;
  const other = options.ipCatalog?.locale.currencyCode ?? currency;
  if (other !== currency) {
    throw new Error(
      `both catalogues must have one currency, got ${currency} and ${other}; fetch both for one subsidiary`,
    );
  }
  const hour = sum(edges.map(({ hourly }) => hourly.price));
  const month = edges.every(({ monthly }) => monthly !== undefined)
    ? sum(edges.map(({ monthly }) => (monthly as Price).price))
    : undefined;
  const ipMonth = ip?.price ?? 0;
  return {
    currency,
    ...(taxRate === undefined ? {} : { taxRate }),
    edges,
    existing: config.edges.filter(exists).map(({ name }) => name),
    ...(ip === undefined ? {} : { ip }),
    ipPlan,
    hour,
    monthByHour: hour * HOURS_PER_MONTH + ipMonth,
    ...(month === undefined ? {} : { monthByMonth: month + ipMonth }),
  };
}

/** The plan of a flavor, or what is wrong with the flavor. */
function planOf(
  catalog: Catalog,
  flavor: string,
  billing: string,
  unit: "hour" | "month",
  { region, availabilityZone }: EdgeConfig,
  variant: string | undefined,
): Price | string {
  const base = `${flavor}.${billing}`;
  const candidates = catalog.addons.filter(
    ({ planCode }) => planCode === base || planCode.startsWith(`${base}.`),
  );
  if (candidates.length === 0) return unknownFlavor(catalog, flavor);
  const codes = candidates.map(({ planCode }) => planCode);
  const wanted =
    variant === undefined
      ? (candidates.find((one) => regionsOf(one).includes(region)) ??
        (availabilityZone === undefined
          ? undefined
          : candidates.find(({ planCode }) => planCode === `${base}.3AZ`)) ??
        candidates.find(({ planCode }) => planCode === base))
      : candidates.find(({ planCode }) => planCode === (variant === "" ? base : `${base}.${variant}`));
  if (wanted === undefined) {
    return `must have a price in region ${region}, got ${flavor} with ${codes.join(", ")}; name the last part of the right one with --variant`;
  }
  const price = priceOf(wanted, unit);
  return (
    price ?? `must have a price by the ${unit}, got ${wanted.planCode} without; is this the whole catalogue?`
  );
}

function unknownFlavor({ addons }: Catalog, flavor: string): string {
  const known = addons.flatMap(({ planCode }) => /^([a-z][\w-]*)\.consumption$/.exec(planCode)?.[1] ?? []);
  const near = nearest(flavor, known);
  const next =
    near === undefined
      ? `it has ${[...new Set(known)].slice(0, 10).join(", ") || "none"}`
      : `did you mean ${near}?`;
  return `must be a flavor of the catalogue, got ${JSON.stringify(flavor)}; ${next}`;
}

function regionsOf({ configurations }: CatalogPlan): readonly string[] {
  return (configurations ?? []).find(({ name }) => name === "region")?.values ?? [];
}

function priceOf({ planCode, pricings }: CatalogPlan, unit: "hour" | "month"): Price | undefined {
  // Setup fees are prices of other capacities; some plans have prices of several modes.
  const usual = pricings
    .filter(({ intervalUnit }) => intervalUnit === unit)
    .filter(
      ({ capacities }) =>
        capacities === undefined || capacities.some((one) => one === "consumption" || one === "renew"),
    );
  const found = usual.find(({ mode }) => mode === undefined || mode === "default") ?? usual[0];
  return found === undefined ? undefined : { planCode, price: found.price };
}

function ipPrice({ addons, plans }: Catalog, code: string): Price | undefined {
  const found = [...plans, ...addons].find(({ planCode }) => planCode === code);
  return found === undefined ? undefined : priceOf(found, "month");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** A price as people read it: `12.34` for months, `0.0512` for hours. */
export function amount(price: number, digits = 2): string {
  return (price / PRICE_UNIT).toFixed(digits);
}
