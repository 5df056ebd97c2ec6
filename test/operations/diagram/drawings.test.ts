import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../lib/config/load.js";
import { mermaidChart } from "../../../lib/operations/diagram/mermaid.js";
import { type Scene, sceneOf } from "../../../lib/operations/diagram/scene.js";
import { sceneSvg } from "../../../lib/operations/diagram/svg.js";
import { terminalDrawing } from "../../../lib/operations/diagram/terminal.js";
import type { Status } from "../../../lib/operations/status/status.js";
import { example, exampleWithEdges } from "../../config/example.js";
import { report } from "../status/reports.js";

const config = parseConfig(example());
const small = (holds: readonly boolean[]): Scene => ({
  address: "192.0.2.1",
  region: "SBG5",
  edges: holds.map((held, index) => ({ name: `e${index + 1}`, lines: ["vio0"], holds: held })),
  internal: "inside",
  carp: "carp",
});

describe("a scene", () => {
  it("shows what is wished for, with the preferred edge as master", () => {
    expect(sceneOf(config)).toEqual({
      address: "146.59.143.231",
      region: "SBG5",
      edges: [
        {
          name: "bi-edge-sbg-1",
          holds: true,
          lines: [
            "b3-8, OpenBSD 7.8",
            "vio0  public address",
            "vio1  10.10.0.11",
            "vio2  carp0 MASTER, skew 1",
          ],
        },
        {
          name: "bi-edge-sbg-2",
          holds: false,
          lines: [
            "b3-8, OpenBSD 7.8",
            "vio0  public address",
            "vio1  10.10.0.12",
            "vio2  carp0 BACKUP, skew 50",
          ],
        },
      ],
      internal: "internal: internal, VLAN 10, 10.10.0.0/16",
      carp: "CARP: carp, VLAN 25, 10.25.0.0/16, vhid 1, 10.25.0.10/16",
    });
  });

  it("shows several FailOver IPs, the election of each, and which edge has which", () => {
    const { failoverIp, ...others } = example();
    const failoverIps = [failoverIp, { address: "146.59.143.232", vhid: 200 }];
    const { address, carp, edges } = sceneOf(parseConfig({ ...others, failoverIps }));
    expect(address).toBe("146.59.143.231, 146.59.143.232");
    expect(carp).toBe("CARP: carp, VLAN 25, 10.25.0.0/16, vhid 1, 10.25.0.10/16; vhid 200, 10.25.0.11/16");
    expect(edges.map(({ holds, lines }) => [holds, ...lines.slice(3)])).toEqual([
      [true, "vio2  carp0 MASTER, skew 1", "vio2  carp1 BACKUP, skew 50", "has 146.59.143.231"],
      [true, "vio2  carp0 BACKUP, skew 50", "vio2  carp1 MASTER, skew 1", "has 146.59.143.232"],
    ]);
  });

  it("shows networks that exist already by their ids, and addresses as they were deployed", () => {
    const adopted = parseConfig(
      example({
        internalNetwork: { networkId: "n-1", subnetId: "s-1", cidr: "10.10.0.0/16" },
        carpNetwork: { networkId: "n-2", subnetId: "s-2", cidr: "10.25.0.0/16" },
        edges: [
          { name: "a", flavor: "b3-8", image: "OpenBSD 7.8" },
          { name: "b", flavor: "b3-8", image: "OpenBSD 7.8" },
        ],
      }),
    );
    const scene = sceneOf(adopted, { deployment: { edges: [{ name: "b", host: "192.0.2.7" }] } });
    expect(scene.internal).toBe("internal: network n-1, 10.10.0.0/16");
    expect(scene.edges.map(({ lines }) => lines.slice(1, 3))).toEqual([
      ["vio0  public address", "vio1  by DHCP"],
      ["vio0  192.0.2.7", "vio1  by DHCP"],
    ]);
  });

  it("shows what is so right now: roles, who was not reached, who holds the address", () => {
    const edge = (name: string) => ({ name, host: "192.0.2.1", instanceId: name });
    const status: Status = {
      address: "146.59.143.231",
      edges: [
        { ...edge("bi-edge-sbg-1"), report: { unreachable: "no answer" } },
        { ...edge("bi-edge-sbg-2"), report: report({ state: "MASTER" }) },
      ],
      route: { id: "f", routedTo: "bi-edge-sbg-2", status: "ok", edge: "bi-edge-sbg-2" },
    };
    expect(sceneOf(config, { status }).edges.map(({ lines, holds }) => [lines.at(-1), holds])).toEqual([
      ["vio2  carp0 not reached, skew 1", false],
      ["vio2  carp0 MASTER, skew 50", true],
    ]);
  });
});

describe("a drawing for the terminal", () => {
  it("has the edges side by side, the address above, and the networks below", () => {
    expect(terminalDrawing(small([true, false]))).toBe(`192.0.2.1 in SBG5 → e1

      ┃            ┆
      ▼            ┆
 ┌─────────┐  ┌─────────┐
 │ e1      │  │ e2      │
 │ vio0    │  │ vio0    │
 └──┬───┬──┘  └──┬───┬──┘
════╧═══╪════════╧═══╪═══
────────┴────────────┴───

═ inside
─ carp
`);
  });

  it("goes on below where the terminal is too narrow", () => {
    const lines = terminalDrawing(small([false, false, true]), 28).split("\n");
    expect(lines[0]).toBe("192.0.2.1 in SBG5 → e3");
    expect(lines.filter((line) => line.includes("│ e"))).toEqual([
      " │ e1      │  │ e2      │",
      " │ e3      │",
    ]);
  });

  it("says so when none of the edges holds the address", () => {
    expect(terminalDrawing(small([false, false]))).toContain("→ none of the edges\n");
  });

  it("fits eight edges into 80 columns", () => {
    const drawn = terminalDrawing(sceneOf(parseConfig(exampleWithEdges(8))), 80);
    expect(drawn.match(/carp0 (MASTER|BACKUP)/g)).toHaveLength(8);
    expect(Math.max(...drawn.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});

describe("a Mermaid chart", () => {
  it("has a node for each edge and network, and a thick line to the holder", () => {
    expect(mermaidChart(small([true, false]))).toBe(`flowchart TB
  ip(["FailOver IP 192.0.2.1<br>SBG5"])
  edge0["e1<br>vio0"]
  ip ==> edge0
  edge0 --- internal
  edge0 --- carp
  edge1["e2<br>vio0"]
  ip -.- edge1
  edge1 --- internal
  edge1 --- carp
  internal[("inside")]
  carp[("carp")]
`);
  });

  it("takes no name for markup", () => {
    const scene = { ...small([true]), internal: 'a"]<b>&`#' };
    expect(mermaidChart(scene)).toContain('internal[("a#34;]#60;b#62;#38;#96;#35;")]');
  });
});

describe("an SVG", () => {
  it("shows everything that the scene has, and nothing as markup", () => {
    const svg = sceneSvg({ ...small([true, false]), internal: "<b>&" });
    for (const text of ["e1", "e2", "vio0", "carp", "FailOver IP 192.0.2.1, SBG5"])
      expect(svg).toContain(text);
    expect(svg).toContain("&#60;b&#62;&#38;");
    expect(svg.match(/class="route"/g)).toHaveLength(2);
    expect(svg.match(/class="idle"/g)).toHaveLength(1);
  });
});
