import { setTimeout as sleep } from "node:timers/promises";
import { OvhError } from "../../operations/ovh-client.js";
import type { Context, ResourceType } from "./resource-type.js";
import type { Resource } from "./values.js";

/** The part of an envelope that tells how far a task is. */
export interface Tracked {
  readonly id: string;
  readonly checksum?: string;
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly resourceStatus: string;
  readonly currentTasks?: readonly { readonly errors?: readonly { readonly message: string }[] }[];
  readonly targetSpec?: Record<string, unknown>;
  readonly currentState?: Record<string, unknown> | null;
}

/** A create that was accepted and then failed: what is there stays in the state, tainted. */
export class PartialCreateError extends Error {
  constructor(
    readonly state: Resource,
    cause: unknown,
  ) {
    super((cause as Error).message);
  }
}

/** Goes on with a create after its request was accepted. @throws PartialCreateError */
export async function afterCreate(state: Resource, rest: () => Promise<Resource>): Promise<Resource> {
  try {
    return await rest();
  } catch (error) {
    throw new PartialCreateError(state, error);
  }
}

const PENDING = ["CREATING", "UPDATING", "PENDING", "OUT_OF_SYNC"];

/** Looks until the resource is READY. @throws Error with the tasks' messages when it ends in ERROR */
export async function untilReady(context: Context, path: string, what: string): Promise<Tracked> {
  for (;;) {
    await sleep(context.pollInterval);
    const found = await context.client.get<Tracked>(path);
    if (found.resourceStatus === "READY") return found;
    if (found.resourceStatus === "ERROR") {
      const messages = (found.currentTasks ?? []).flatMap(({ errors }) =>
        (errors ?? []).map((e) => e.message),
      );
      throw new Error(
        `${what} ${found.id} entered ERROR state: ${messages.join("; ") || "(no error detail reported by the API)"}`,
      );
    }
    if (!PENDING.includes(found.resourceStatus)) {
      throw new Error(`unexpected state '${found.resourceStatus}', wanted target 'READY'`);
    }
  }
}

/** Deletes, then looks until nothing is there any more. */
export async function deleteAndWait(context: Context, path: string): Promise<void> {
  try {
    await context.client.delete(path);
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  for (;;) {
    await sleep(context.pollInterval);
    try {
      const { resourceStatus } = await context.client.get<Tracked>(path);
      if (resourceStatus !== "DELETING") {
        throw new Error(`unexpected state '${resourceStatus}', wanted target 'DELETED'`);
      }
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
  }
}

/** Whether the API answered that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof OvhError && error.status === 404;
}

/** The answer, or null where there is no such thing. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** The read of a type that is gone where its path has no such thing any more. */
export function reading(
  path: (resource: Resource) => string,
  state: (resource: Resource, found: Tracked) => Resource,
): ResourceType["read"] {
  return async ({ client }, resource) => {
    const found = await orNull(client.get<Tracked>(path(resource)));
    return found === null ? null : state(resource, found);
  };
}
