import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCarpPassword } from "../../lib/config/checks.js";
import { parseConfig } from "../../lib/config/load.js";
import type { EdgeConfig } from "../../lib/config/schema.js";
import { bundle } from "../../lib/edge/bundle.js";
import { settleTime } from "../../lib/edge/edge-conf.js";
import type { EdgeFile, RenderedEdge } from "../../lib/edge/file.js";
import {
  fill,
  PLACEHOLDERS,
  type Placeholder,
  placeholdersIn,
  SECRETS,
} from "../../lib/edge/placeholders.js";
import { renderEdge } from "../../lib/edge/render.js";
import { parseIfstated } from "../../lib/simulator/ifstated/parser.js";
import { example } from "../config/example.js";
import { filled, STAND_INS, VALUES } from "./bundles.js";
import { acceptedConfig, carpPassword } from "./configs.js";

/** Runs a check on every edge of any configuration that is accepted. */
function everyEdge(
  check: (edge: RenderedEdge, config: EdgeConfig, index: number) => void,
  numRuns = 150,
): void {
  fc.assert(
    fc.property(acceptedConfig, (config) => {
      config.edges.forEach(({ name }, index) => {
        check(renderEdge(config, name, STAND_INS), config, index);
      });
    }),
    { numRuns },
  );
}

function contentOf({ files }: RenderedEdge, path: string): string {
  return (files.find((file) => file.path === path) as EdgeFile).content;
}

const IPV4 = "\\d{1,3}(?:\\.\\d{1,3}){3}";
/** hostname.if(5): groups, then address, netmask and broadcast address with carp's settings, then up. */
const HOSTNAME_CARP = new RegExp(
  `^group edgefault\ngroup edgedrain\ninet (${IPV4}) (${IPV4}) (${IPV4}) vhid (\\d+) carpdev (vio\\d+) ` +
    "pass (\\S+) advbase (\\d+) advskew (\\d+)\nup\n$",
);

const number = (address: string) => address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);

describe("of every configuration that is accepted", () => {
  it("each file ends in a newline, at a path of its own below a folder that exists", () => {
    everyEdge(({ files }) => {
      for (const { path, content } of files) {
        expect(content).toMatch(/[^\n]\n$/);
        expect(path).toMatch(/^\/(etc|usr\/local\/sbin)\/[a-z0-9.-]+$/);
      }
      expect(new Set(files.map(({ path }) => path)).size).toBe(files.length);
    });
  });

  it("each file is plain ASCII", () => {
    everyEdge(({ files }) => {
      for (const { content } of files) expect(content).toMatch(/^[\t\n\x20-\x7e]*$/);
    });
  });

  it("ifstated.conf is read without a message where the interfaces exist", () => {
    everyEdge((edge, { interfaces, probe }) => {
      const known = [interfaces.external, interfaces.internal, "carp0"];
      const { config, messages, invalidStart } = parseIfstated(
        contentOf(edge, "/etc/ifstated.conf"),
        "ifstated.conf",
        (name) => known.includes(name),
      );
      expect([messages, invalidStart]).toEqual([[], undefined]);
      expect(config?.states.map(({ name }) => name)).toEqual(["watch"]);
      // An external test in a state is blind after it is entered again.
      expect(config?.states[0]?.tests).toEqual(
        known.map((name) => ({ op: "link", interface: name, truth: "up" })),
      );
      expect(config?.global.tests).toEqual([
        { op: "test", command: "/usr/local/sbin/edge-sync poll", interval: probe.interval },
      ]);
    });
  });

  it("hostname.carp0 has the form that netstart wants", () => {
    everyEdge((edge, { carp, interfaces, edges }, index) => {
      const found = HOSTNAME_CARP.exec(contentOf(edge, "/etc/hostname.carp0"))?.slice(1) as string[];
      const [address, netmask, broadcast, ...settings] = found as [string, string, string];
      const [wanted, prefix] = carp.address.split("/") as [string, string];
      const size = 2 ** (32 - Number(prefix));
      expect(address).toBe(wanted);
      expect(number(netmask)).toBe(2 ** 32 - size);
      expect(number(broadcast)).toBe(Math.floor(number(address) / size) * size + size - 1);
      expect(settings).toEqual(
        [
          carp.vhid,
          interfaces.carp,
          PLACEHOLDERS.carpPassword,
          carp.advertisementInterval,
          edges[index]?.advskew,
        ].map(String),
      );
    });
  });

  it("hostname.carp0 is nothing that a shell would run, with any password that is accepted", () => {
    fc.assert(
      fc.property(acceptedConfig, carpPassword, (config, password) => {
        expect(checkCarpPassword(password)).toEqual([]);
        const { name } = config.edges[0] as { name: string };
        const text = fill(contentOf(renderEdge(config, name, STAND_INS), "/etc/hostname.carp0"), {
          carpPassword: password,
        });
        expect(text).toMatch(/^[A-Za-z0-9 ._\n-]+$/);
      }),
      { numRuns: 100 },
    );
  });

  it("the edges' files differ in hostname.carp0, so that no two share a skew", () => {
    fc.assert(
      fc.property(acceptedConfig, (config) => {
        const all = config.edges.map(({ name }) =>
          contentOf(renderEdge(config, name, STAND_INS), "/etc/hostname.carp0"),
        );
        expect(new Set(all).size).toBe(all.length);
      }),
      { numRuns: 100 },
    );
  });

  it("two edges do not settle, and more settle for one interval of their own", () => {
    everyEdge((edge, config, index) => {
      const { advskew } = config.edges[index] as { advskew: number };
      const interval = config.carp.advertisementInterval + advskew / 256;
      const time = settleTime(config, config.edges[index] as EdgeConfig["edges"][number]);
      if (config.edges.length === 2) expect(time).toBe(0);
      else expect(Math.abs(time - interval)).toBeLessThanOrEqual(0.0005 + 1e-9);
      // ip-move reads a plain decimal number.
      expect(contentOf(edge, "/etc/edge.conf")).toMatch(/^settle=\d+(\.\d{1,3})?$/m);
    });
  });

  it("edge.conf names everything that edge-sync asks for", () => {
    everyEdge((edge) => {
      const keys = contentOf(edge, "/etc/edge.conf")
        .split("\n")
        .flatMap((line) => /^(\w+)=[^\n]+$/.exec(line)?.[1] ?? []);
      expect(keys).toEqual(
        expect.arrayContaining(["ip", "instance", "external", "internal", "carp", "probe"]),
      );
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  it("the lines in files of others are single lines that do not look like the installer's marks", () => {
    everyEdge(({ lines }) => {
      for (const { text } of lines) expect(text).toMatch(/^[^\n#]+$/);
    });
  });

  it("the bundle's header tells its lines apart from the files", () => {
    everyEdge((edge) => {
      const [head] = bundle(edge).text.split("\n--\n") as [string];
      for (const line of head.split("\n")) {
        expect(line).toMatch(/^(edge-bundle 1|edge|carp|carpdev|mac|sysctl|cron|file) \S/);
      }
    });
  });
});

describe("no secret", () => {
  const secrets = Object.fromEntries(
    SECRETS.map((name) => [name, `${name}-is-a-secret`.slice(0, 19)]),
  ) as Record<Placeholder, string>;

  it("is in a rendered file or bundle, whatever the environment that the configuration was read with", () => {
    const environment = { TF_VAR_carp_password: "is-a-secret" };
    const config = parseConfig(example(), { environment });
    for (const { name } of config.edges) {
      expect(bundle(renderEdge(config, name, STAND_INS)).text).not.toContain("is-a-secret");
    }
  });

  it("is anywhere but in a placeholder of hostname.carp0 and ovh.conf", () => {
    everyEdge(({ files, lines, macs, ...rest }) => {
      const holding = files.flatMap(({ path, content }) =>
        placeholdersIn(content)
          .filter((name) => SECRETS.includes(name))
          .map((name) => [path, name]),
      );
      expect(holding).toEqual([
        ["/etc/hostname.carp0", "carpPassword"],
        ["/etc/ovh.conf", "applicationKey"],
        ["/etc/ovh.conf", "applicationSecret"],
        ["/etc/ovh.conf", "consumerKey"],
      ]);
      const others = placeholdersIn(JSON.stringify([lines, macs, rest]));
      expect(others.filter((name) => SECRETS.includes(name))).toEqual([]);
    });
  });

  it("is in a file that others than root and wheel may read", () => {
    everyEdge(({ files }) => {
      for (const { content, mode } of files) {
        if (placeholdersIn(content).some((name) => SECRETS.includes(name))) expect(mode & 0o007).toBe(0);
      }
    });
  });

  it("is in the header of a filled bundle", () => {
    everyEdge((edge) => {
      const [head] = filled(edge, { ...VALUES, ...secrets }).split("\n--\n") as [string];
      for (const name of SECRETS) expect(head).not.toContain(secrets[name]);
    }, 30);
  });
});
