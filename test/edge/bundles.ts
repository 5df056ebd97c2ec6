import { createHash } from "node:crypto";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfig } from "../../lib/config/schema.js";
import { bundle } from "../../lib/edge/bundle.js";
import type { RenderedEdge } from "../../lib/edge/file.js";
import { fill, type Placeholder } from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { type StaticFiles, staticFiles } from "../../lib/edge/static-files.js";
import { example, exampleWithEdges } from "../config/example.js";

/** Values for every placeholder, by what they are; the MAC addresses are those of the tests' node. */
export const VALUES: Readonly<Record<Placeholder, string>> = {
  carpPassword: "carp-pass_1",
  applicationKey: "the-application-key",
  applicationSecret: "the-application-secret",
  consumerKey: "the-consumer-key",
  clientId: "the-client-id",
  clientSecret: "the-client-secret",
  webhookUrl: "https://hooks.example/T0/the-webhook-token",
  instanceId: "0b1c2d3e-instance",
  failoverIp: "146.59.143.231",
  failoverIpId: "9f8e7d6c-failover",
  macExternal: "fa:16:3e:00:00:01",
  macInternal: "fa:16:3e:00:00:02",
  macCarp: "fa:16:3e:00:00:03",
};

/** What stands in for the shipped programs where their text does not matter. */
export const STAND_INS: StaticFiles = {
  "/usr/local/sbin/edge-install": "#!/bin/sh\necho edge-install\n",
  "/usr/local/sbin/edge-sync": "#!/usr/bin/perl\n",
  "/usr/local/sbin/ip-move": "#!/usr/bin/perl\nprint qq(ip-move\\n);\n",
};

/** A configuration with three edges in which every setting differs from its default. */
export function threeEdges(): Record<string, unknown> {
  const edge = { flavor: "b3-16", image: "OpenBSD 7.8" };
  return example({
    ovh: { endpoint: "ovh-ca" },
    region: "BHS5",
    "failoverIp.address": "146.59.143.77",
    carpNetwork: { name: "carp", vlanId: 77, cidr: "192.168.25.0/29" },
    interfaces: { external: "vio1", internal: "vio2", carp: "vio0" },
    edges: [
      { name: "edge-a", advskew: 0, ...edge },
      { name: "edge-b", ...edge },
      { name: "edge-c", advskew: 128, ...edge },
    ],
    carp: { vhid: 77, address: "192.168.25.3/29", advertisementInterval: 2, preempt: true },
    probe: { targets: ["9.9.9.9", "1.1.1.1", "8.8.8.8", "193.0.14.129"], interval: 15, attempts: 2 },
    claim: { deadline: 90, checkInterval: 45, healthyFor: 20 },
  });
}

/** The first edge of the example with some settings changed, rendered with the shipped programs. */
export function rendered(
  changes: Readonly<Record<string, unknown>> = {},
  shipped: StaticFiles = staticFiles(),
): RenderedEdge {
  const config: EdgeConfig = parseConfig(example(changes));
  return renderEdge(config, config.edges[0]?.name as string, shipped);
}

/**
 * The same with the real edge-install alone: the other programs are stand-ins that look at
 * nothing, so that a node on which only the installation matters does nothing else.
 */
export function quiet(changes: Readonly<Record<string, unknown>> = {}): RenderedEdge {
  return rendered(changes, {
    ...staticFiles(),
    "/usr/local/sbin/edge-sync": "#!/usr/bin/perl\nunlink '/var/db/edge/hold' if \"@ARGV\" eq 'release';\n",
    "/usr/local/sbin/ip-move": "#!/usr/bin/perl\n",
  });
}

/** An edge with the content of one of its files changed. */
export function withContent(
  edge: RenderedEdge,
  path: string,
  change: (content: string) => string,
): RenderedEdge {
  if (!edge.files.some((file) => file.path === path)) throw new Error(`the edge has no ${path}`);
  return {
    ...edge,
    files: edge.files.map((file) => (file.path === path ? { ...file, content: change(file.content) } : file)),
  };
}

/** A bundle as it arrives on a node: every placeholder filled, digests included, as Terraform does it. */
export function filled(edge: RenderedEdge, values: Partial<Record<Placeholder, string>> = {}): string {
  const all = { ...VALUES, ...values };
  const { text, lateDigests } = bundle(edge);
  return lateDigests.reduce(
    (result, { placeholder, content }) => result.replaceAll(placeholder, sha256(fill(content, all))),
    fill(text, all),
  );
}

/** Digest of a text in hexadecimal digits. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Two FailOver IPs with an election each: each edge is preferred for one of them. */
export function twoVhids(): Record<string, unknown> {
  const failoverIps = [
    { address: "146.59.143.231" },
    { address: "146.59.143.232", vhid: 2, preferred: "bi-edge-sbg-2" },
  ];
  return example({ failoverIp: undefined, failoverIps });
}

/** A FailOver IP and a block that move together, on three edges of which the second one is preferred. */
export function twoIps(): Record<string, unknown> {
  const failoverIps = [{ address: "146.59.143.231", preferred: "edge-2" }, { address: "146.59.143.8/29" }];
  return exampleWithEdges(3, { failoverIp: undefined, failoverIps });
}
