import { describe, expect, it } from "vitest";
import { type OvhClient, OvhError } from "../../../lib/operations/ovh-client.js";
import { importParts } from "../../../lib/simulator/provider/resource-type.js";
import {
  deleteAndWait,
  isNotFound,
  orNull,
  type Tracked,
  untilReady,
} from "../../../lib/simulator/provider/wait.js";

const gone = () => new OvhError(404, "Client::NotFound", "gone", "");
const broken = () => new OvhError(500, "Server::Error", "broken", "");

/** A client that gives these answers in turn. */
function answering(...answers: readonly (string | Partial<Tracked> | Error)[]) {
  const left = [...answers];
  const asked: string[] = [];
  const next = (method: string) => async (path: string) => {
    asked.push(`${method} ${path}`);
    const answer = left.shift();
    if (answer === undefined) throw new Error("asked once too often");
    if (answer instanceof Error) throw answer;
    return typeof answer === "string" ? { id: "x", resourceStatus: answer } : { id: "x", ...answer };
  };
  const client = { get: next("GET"), delete: next("DELETE") } as unknown as OvhClient;
  return { context: { client, pollInterval: 0 }, asked };
}

describe("waiting for READY", () => {
  it("goes on through every pending status", async () => {
    const { context, asked } = answering("CREATING", "UPDATING", "PENDING", "OUT_OF_SYNC", "READY");
    expect(await untilReady(context, "/path", "network")).toEqual({ id: "x", resourceStatus: "READY" });
    expect(asked).toEqual(Array(5).fill("GET /path"));
  });

  it("ends with the messages of all tasks when the resource is in ERROR", async () => {
    const currentTasks = [
      { errors: [{ message: "No valid host" }, { message: "quota" }] },
      {},
      { errors: [{ message: "timeout" }] },
    ];
    const { context } = answering("CREATING", { resourceStatus: "ERROR", currentTasks });
    await expect(untilReady(context, "/path", "instance")).rejects.toThrow(
      new Error("instance x entered ERROR state: No valid host; quota; timeout"),
    );
  });

  it.each([
    [undefined],
    [[]],
    [[{ errors: [] }]],
  ])("says that there is no message when an ERROR has none (%j)", async (currentTasks) => {
    const { context } = answering({ resourceStatus: "ERROR", currentTasks });
    await expect(untilReady(context, "/path", "instance")).rejects.toThrow(
      new Error("instance x entered ERROR state: (no error detail reported by the API)"),
    );
  });

  it.each(["DELETING", "", "ready"])("ends when the status is %j", async (status) => {
    const { context } = answering(status);
    await expect(untilReady(context, "/path", "network")).rejects.toThrow(
      new Error(`unexpected state '${status}', wanted target 'READY'`),
    );
  });

  it("ends at the first error of the API", async () => {
    await expect(untilReady(answering("CREATING", broken()).context, "/path", "network")).rejects.toThrow(
      'OVHcloud API error (status code 500): Server::Error: "broken"',
    );
  });
});

describe("deleting", () => {
  it("goes on while the resource is DELETING, until it is gone", async () => {
    const { context, asked } = answering("", "DELETING", "DELETING", gone());
    await deleteAndWait(context, "/path");
    expect(asked).toEqual(["DELETE /path", "GET /path", "GET /path", "GET /path"]);
  });

  it("is done when the resource was gone already", async () => {
    const { context, asked } = answering(gone());
    await deleteAndWait(context, "/path");
    expect(asked).toEqual(["DELETE /path"]);
  });

  it("ends when it is refused", async () => {
    await expect(deleteAndWait(answering(broken()).context, "/path")).rejects.toThrow("broken");
  });

  it("ends when looking fails", async () => {
    await expect(deleteAndWait(answering("", broken()).context, "/path")).rejects.toThrow("broken");
  });

  it("ends when the resource stays", async () => {
    await expect(deleteAndWait(answering("", "READY").context, "/path")).rejects.toThrow(
      new Error("unexpected state 'READY', wanted target 'DELETED'"),
    );
  });
});

describe("an answer that there is no such thing", () => {
  it("is told from other errors", () => {
    expect([gone(), broken(), new Error("404"), undefined].map(isNotFound)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it("can be taken for null, unlike other errors", async () => {
    expect(await orNull(Promise.reject(gone()))).toBeNull();
    expect(await orNull(Promise.resolve(1))).toBe(1);
    await expect(orNull(Promise.reject(broken()))).rejects.toThrow("broken");
  });
});

describe("an import id", () => {
  it("is taken apart at its slashes", () => {
    expect(importParts("p/n/s", "service_name", "network_id", "id")).toEqual({
      service_name: "p",
      network_id: "n",
      id: "s",
    });
  });

  it.each(["p", "p/", "/n", "p/n/s", ""])("is refused with more, fewer or empty parts: %j", (id) => {
    expect(() => importParts(id, "service_name", "id")).toThrow(
      new Error(`Given ID is malformed: expected service_name/id, got ${id}`),
    );
  });
});
