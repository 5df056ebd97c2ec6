import { z } from "zod";
import { runnable } from "../../config/command-line.js";
import { API_HOSTS, type Endpoint } from "../api-host.js";

/** One price of a plan, in 10^-8 of the currency. */
const pricing = z.object({
  intervalUnit: z.string(),
  price: z.int().min(0),
  capacities: z.array(z.string()).optional(),
  mode: z.string().optional(),
});

const plan = z.object({
  planCode: z.string(),
  pricings: z.array(pricing).default([]),
  configurations: z.array(z.object({ name: z.string(), values: z.array(z.string()).nullish() })).nullish(),
});

const catalogSchema = z.object({
  locale: z.object({
    currencyCode: z.string(),
    subsidiary: z.string().optional(),
    taxRate: z.number().optional(),
  }),
  addons: z.array(plan).default([]),
  plans: z.array(plan).default([]),
});

/** What is read of OVH's public catalogue, `GET /v1/order/catalog/public/cloud`. */
export type Catalog = z.output<typeof catalogSchema>;

/** One plan of a catalogue. */
export type CatalogPlan = Catalog["addons"][number];

/** What a price is multiplied with. */
export const PRICE_UNIT = 100_000_000;

/**
 * Reads a catalogue.
 *
 * @param source what it is called in an error, such as its file
 * @throws Error when it is none
 */
export function parseCatalog(text: string, source: string): Catalog {
  const hint = "it is what GET /v1/order/catalog/public/cloud answers";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`${source} is no JSON; ${hint}`);
  }
  const { data, error } = catalogSchema.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    throw new Error(
      `${source} is no catalogue: ${issue?.path.join(".") || "all of it"}: ${issue?.message}; ${hint}`,
    );
  }
  if (data.addons.length + data.plans.length === 0) {
    throw new Error(`${source} has no plans and no addons; ${hint}`);
  }
  return data;
}

const SUBSIDIARIES = { "ovh-eu": "FR", "ovh-ca": "CA", "ovh-us": "US" } as const;

/** Where the catalogue of an endpoint is; it needs no credentials. */
export function catalogUrl(endpoint: Endpoint, subsidiary: string = SUBSIDIARIES[endpoint]): string {
  return `https://${API_HOSTS[endpoint]}/v1/order/catalog/public/cloud?ovhSubsidiary=${encodeURIComponent(subsidiary)}`;
}

/**
 * Fetches a catalogue, which has some eight million characters.
 *
 * @throws Error with how to hand one in as a file
 */
export async function fetchCatalog(url: string, timeout = 60_000): Promise<Catalog> {
  const again = runnable("npm run estimate -- --catalog catalog.json");
  const hint = `fetch it where OVH can be reached, and hand it in: curl -o catalog.json '${url}'; ${again}`;
  let text: string;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeout) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    text = await response.text();
  } catch (error) {
    const { message, cause } = error as Error & { readonly cause?: Error };
    throw new Error(`the catalogue cannot be fetched: ${cause?.message || message}; ${hint}`);
  }
  return parseCatalog(text, url);
}
