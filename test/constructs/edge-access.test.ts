import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../lib/edge/bundle.js";
import { doasInstructions, doasRule, isCommand } from "../../lib/edge/doas.js";
import { staticFiles } from "../../lib/edge/static-files.js";
import { readPlan } from "../../lib/operations/pull-request/plan.js";
import { example, exampleWithEdges } from "../config/example.js";
import { adopted, BASTION, instance } from "../config/existing.js";
import { type Json, type Synthesized, synthesize } from "./synthesized.js";

const DELIVER = (name: string) => `edge/edge/files-${name}/deliver`;
const REMOVAL = (name: string) => `edge/edge/files-${name}/removal`;
const DIGEST = sha256(staticFiles()["/usr/local/sbin/edge-install"] as string);

const provisioners = (block: Json) =>
  (block.provisioner as Json[]).map((one) => Object.entries<Json>(one)[0] as [string, Json]);

describe("edges that exist", () => {
  let stack: Synthesized;
  beforeAll(() => {
    stack = synthesize(adopted());
  });

  it("are delivered to, and nothing is made for them", () => {
    expect(stack.types()).toEqual({
      null_resource: 3,
      ovh_cloud_project_failover_ip_attach: 1,
      terraform_data: 3,
    });
    expect(stack.json.data).not.toHaveProperty("ovh_cloud_instance_flavors");
    expect(stack.block(DELIVER("edge-1")).triggers).toMatchObject({ host: "10.10.0.11" });
    const [bundle] = Object.entries<string>(stack.json.locals).find(([name]) =>
      name.startsWith("edge_files-edge-2_content_"),
    ) as [string, string];
    const { instanceId, macs } = instance(2);
    for (const value of [instanceId, macs.external, macs.internal, macs.carp])
      expect(stack.json.locals[bundle]).toContain(`"${value}"`);
  });

  it("are in the outputs, with the address by which SSH reaches them", () => {
    const { edges, ssh } = stack.json.output;
    const { instanceId, host, macs } = instance(1);
    expect(edges.value["edge-1"]).toEqual({ instance: instanceId, address: host, macs });
    expect(ssh.value["edge-1"]).toBe("ssh -i ~/.ssh/id_ed25519 -p 22 root@10.10.0.11");
  });

  it("stand beside others that are created", () => {
    const mixed = synthesize(
      adopted({
        edges: [
          { name: "old", existing: { ...instance(1), publicAddress: "54.36.1.1" } },
          { name: "new", flavor: "b3-8", image: "OpenBSD 7.8" },
        ],
      }),
    );
    expect(mixed.types()).toMatchObject({
      ovh_cloud_instance: 1,
      ovh_cloud_instance_group: 1,
      ovh_cloud_ssh_key: 1,
    });
    expect(mixed.json.output.edges.value.old.address).toBe("54.36.1.1");
    expect(mixed.block(DELIVER("old")).triggers.host).toBe("10.10.0.11");
  });
});

describe("edges behind a bastion", () => {
  const NAME = "bi-edge-sbg-1";
  let stack: Synthesized;
  beforeAll(() => {
    stack = synthesize(
      example({
        "ssh.bastion": { ...BASTION, port: 2222, user: "jump" },
        "edges[0].sshHostKey": "ssh-ed25519 AAAAEdge",
      }),
    );
  });
  const bastion = {
    BASTION_HOST: BASTION.host,
    BASTION_HOST_KEY: BASTION.hostKey,
    BASTION_KEY: "~/.ssh/id_ed25519",
    BASTION_PORT: "2222",
    BASTION_USER: "jump",
  };

  it("are delivered to by the local ssh in one step, which Terraform's own bastion has no part in", () => {
    expect(stack.text).not.toMatch(/bastion_host|remote-exec|"file":/);
    const [step, ...none] = provisioners(stack.block(DELIVER(NAME)));
    expect(none).toEqual([]);
    expect(step).toEqual([
      "local-exec",
      {
        command: expect.stringMatching(/^sh assets\/\S+\/edge-over-bastion$/),
        environment: {
          ...bastion,
          EDGE_COMMAND: expect.stringMatching(
            /^umask 077 && rm -rf \.edge-deliver && mkdir \.edge-deliver && cd \.edge-deliver && cat >bundle && sed -n '\d+,\d+p' bundle >edge-install && sh edge-install install -d \$\{.*\} bundle; status=\$\?; cd && rm -rf \.edge-deliver; exit \$status$/,
          ),
          EDGE_HOST: expect.stringMatching(/^\$\{local\.edge_bi-edge-sbg-1_public-address_/),
          EDGE_HOST_KEY: "ssh-ed25519 AAAAEdge",
          EDGE_INPUT: expect.stringMatching(
            /^\$\{nonsensitive\(base64gzip\(local\.edge_files-bi-edge-sbg-1_content_[0-9A-F]{8}\)\)\}$/,
          ),
          EDGE_KEY: "~/.ssh/id_ed25519",
          EDGE_PORT: "22",
          EDGE_USER: "root",
        },
      },
    ]);
  });

  it("are released and cleaned through it too", () => {
    const release = provisioners(stack.block("edge/edge/release/release"));
    expect(release.map(([kind, { environment }]) => [kind, environment.EDGE_COMMAND])).toEqual([
      ["local-exec", "/usr/local/sbin/edge-install release master"],
      ["local-exec", "/usr/local/sbin/edge-install release any"],
    ]);
    for (const [, { environment }] of release) expect(environment).toMatchObject(bastion);
    const removal = stack.block(REMOVAL(NAME));
    expect(removal.input).toMatchObject({
      bastionHost: BASTION.host,
      bastionHostKey: BASTION.hostKey,
      bastionUser: "jump",
    });
    expect(provisioners(removal)).toEqual([
      [
        "local-exec",
        expect.objectContaining({
          when: "destroy",
          on_failure: "continue",
          environment: expect.objectContaining({
            EDGE_HOST: "${self.output.host}",
            BASTION_HOST: '${try(self.output.bastionHost, "")}',
            EDGE_WAIT: "60",
          }),
        }),
      ],
    ]);
  });
});

describe("a user who becomes root by doas", () => {
  const doas = { "ssh.user": "deploy", "ssh.become": "doas" };
  const NAME = "bi-edge-sbg-1";

  it("starts nothing as root but edge-install, and nothing from a folder of its own", () => {
    const stack = synthesize(example(doas));
    const [prepare, upload, install] = provisioners(stack.block(DELIVER(NAME)));
    expect(prepare?.[1].inline[0]).toContain(doasInstructions(NAME, "deploy", DIGEST));
    expect(prepare?.[1].inline[1]).toBe("umask 077 && rm -rf .edge-deliver && mkdir .edge-deliver");
    expect(upload?.[1].destination).toBe(".edge-deliver/bundle");
    expect(install?.[1].inline).toEqual([
      expect.stringMatching(
        /^cd \.edge-deliver && doas -n \/usr\/local\/sbin\/edge-install install -d \$\{.*\} <bundle$/,
      ),
      "status=$?; rm -f bundle edge-install; exit $status",
    ]);
    const release = provisioners(stack.block("edge/edge/release/release"));
    expect(release.map(([, { inline }]) => inline)).toEqual([
      ["doas -n /usr/local/sbin/edge-install release master"],
      ["doas -n /usr/local/sbin/edge-install release any"],
    ]);
  });

  it("hands the bundle straight to it through a bastion", () => {
    const stack = synthesize(example({ ...doas, "ssh.bastion": BASTION }));
    const [[, { environment }]] = provisioners(stack.block(DELIVER(NAME))) as [[string, Json]];
    expect(environment.EDGE_COMMAND).toMatch(
      /\nexec doas -n \/usr\/local\/sbin\/edge-install install -d \$\{.*\}$/,
    );
    expect(environment).toMatchObject({ EDGE_USER: "deploy", BASTION_USER: "deploy" });
  });

  it("is told what an operator has to do, with the one rule and the digest of the program", () => {
    const text = doasInstructions("edge-1", "deploy", DIGEST);
    expect(doasRule("deploy")).toBe("permit nopass deploy as root cmd /usr/local/sbin/edge-install");
    expect(
      text
        .split("\n")
        .filter(isCommand)
        .map((line) => line.trim()),
    ).toEqual([
      "npm run render -- --edge edge-1 --out rendered && ls rendered/usr/local/sbin/edge-install",
      "install -o root -g wheel -m 0555 edge-install /usr/local/sbin/edge-install",
      `test "$(sha256 -q /usr/local/sbin/edge-install)" = ${DIGEST} || rm /usr/local/sbin/edge-install`,
      'test ! -x /usr/local/sbin/edge-install || echo "permit nopass deploy as root cmd /usr/local/sbin/edge-install" >>/etc/doas.conf',
    ]);
    expect(text).toContain("The rule is as much as root");
  });
});

describe("retired edges", () => {
  it("are cleaned by blocks for what only the state knows, at the addresses that they had", () => {
    const before = synthesize(exampleWithEdges(4));
    const after = synthesize(exampleWithEdges(2, { retired: ["edge-3", "edge-4"] }));
    expect(before.json).not.toHaveProperty("removed");
    expect(after.json.removed).toEqual(
      ["edge-3", "edge-4"].map((name) => ({
        from: before.at(REMOVAL(name)).address,
        lifecycle: [{ destroy: true }],
        provisioner: before.block(REMOVAL(name)).provisioner,
      })),
    );
    expect(after.types()).toEqual(synthesize(exampleWithEdges(2)).types());
  });

  it("are told of by outputs, as a plan's JSON has no removed blocks", () => {
    const { json } = synthesize(exampleWithEdges(2, { retired: ["edge-3", "edge-4"] }));
    const outputs = Object.entries<Json>(json.output).filter(([name]) => name.includes("retired"));
    const removals = json.removed.map(({ from }: Json) => from);
    expect(outputs.map(([, { value }]) => value)).toEqual(removals);
    const output_changes = Object.fromEntries(
      outputs.map(([name, { value }]) => [name, { actions: ["create"], after: value }]),
    );
    expect(readPlan(JSON.stringify({ resource_changes: [], output_changes })).retired).toEqual(removals);
  });
});
