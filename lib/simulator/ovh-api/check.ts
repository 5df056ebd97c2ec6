import { z } from "zod";
import { badRequest } from "./errors.js";

/** Reads a request body by its schema; what does not fit is refused as the API would: 400, naming the field. */
export function accept<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw badRequest(`Invalid parameter ${path === "" ? "body" : path}: ${issue?.message}`);
}

/** `{region, availabilityZone?}` */
export const location = z.object({
  region: z.string().min(1),
  availabilityZone: z.string().nullish(),
});

/** `{id}` */
export const reference = z.object({ id: z.string().min(1) });

/** Leaves out what is undefined or null: the provider takes an absent field, not an empty one, for "not asked". */
export function compact<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined && field !== null),
  ) as T;
}
