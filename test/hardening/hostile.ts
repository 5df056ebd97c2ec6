import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { Placeholder } from "../../lib/edge/placeholders.js";
import { DRILLS, example, get } from "../config/example.js";

/** Things that one of the readers on the way would take for something else than text. */
const ATTACKS = [
  "'",
  '"',
  "\\",
  "\n",
  "\r\n",
  "\t",
  "\0",
  " ",
  "\n\n!touch /tmp/x\n",
  "; id",
  "&& id",
  "| id",
  "$(id)",
  "`id`",
  "${path.module}",
  "%{ if true }x%{ endif }",
  "$${x}",
  "$HOME",
  "#",
  "# cdktf-ovh-edge",
  "@@carp_password@@",
  "@@instance_id@@",
  "@@sha256_7@@",
  "--",
  "\n--\n",
  "=",
  "[ovh-eu]",
  "../../etc/passwd",
  "*",
  "!id",
  "%",
  "\u2028",
  "\u202e",
  "\u200b",
  "\ufeff",
  "\u0430", // a Cyrillic letter that looks like a Latin one
  "\uff11", // a digit of another script
  "\u0661",
  "é",
  "😀",
  "\ud800",
  "{}",
  "/",
  "//",
  "\x1b[2J",
  "\u009b2J",
] as const;

const attack = fc.constantFrom(...ATTACKS);

/** A text that nobody wrote with good intentions. */
const hostileText = fc.oneof(
  attack,
  fc.array(attack, { minLength: 2, maxLength: 4 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.integer({ min: 33, max: 5000 }).map((length) => "a".repeat(length)),
  fc.constant(""),
);

/** A sound value with something hostile before, after or in it; or all of it hostile; or nearly right. */
function spoiled(sound: string): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 3, arbitrary: attack.map((bad) => sound + bad) },
    { weight: 2, arbitrary: attack.map((bad) => bad + sound) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(attack, fc.nat(sound.length))
        .map(([bad, at]) => sound.slice(0, at) + bad + sound.slice(at)),
    },
    { weight: 2, arbitrary: hostileText },
    { weight: 1, arbitrary: fc.constantFrom(sound.toUpperCase(), sound.toLowerCase(), `${sound}${sound}`) },
    { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(..."aZ09._-/+@~() ="), maxLength: 64 }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, 1, true, [], {}, [sound], { "": sound }) },
  );
}

const letters = (text: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...text), minLength, maxLength });
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const WORD = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;
const startingWith = (first: string, then: string, max: number) =>
  fc.tuple(letters(first, 1, 1), letters(then, 0, max)).map(([a, b]) => a + b);

const identifier = startingWith(WORD, `${WORD}._-`, 62);
const freeName = startingWith(WORD, `${WORD} ._()/+-`, 62);
const path = letters(`${WORD}._~/@+-`, 1, 40);
const skew = fc.integer({ min: 0, max: 254 });
const publicAddress = fc
  .tuple(fc.constantFrom(5, 46, 51, 91, 146, 178), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 254 }))
  .map((bytes) => bytes.join("."));

/** A network of a block of its own, and a host's number in it. */
const network = (block: string) =>
  fc.integer({ min: 0, max: 255 }).map((third) => ({
    cidr: `${block}.${third}.0/24`,
    host: (number: number) => `${block}.${third}.${number}`,
  }));

/** An instance that exists. */
const existing = (index: number, host: string) => ({
  instanceId: `instance-${index}`,
  host,
  publicAddress: `54.36.1.${index}`,
  macs: {
    external: `fa:16:3e:0${index}:00:00`,
    internal: `fa:16:3e:0${index}:00:01`,
    carp: `fa:16:3e:0${index}:00:02`,
  },
});

/** Everything that the shape of a sound configuration leaves open, as wide as its rules allow. */
const soundConfig = fc
  .record({
    base: fc.constantFrom("created", "existing"),
    project: letters("0123456789abcdef", 32, 32),
    region: startingWith(LOWER.toUpperCase(), `${LOWER.toUpperCase()}${DIGITS}-`, 29).filter(
      (r) => r.length > 1,
    ),
    zone: startingWith(LOWER, `${LOWER}${DIGITS}-`, 39).filter((zone) => zone.length > 1),
    endpoint: fc.constantFrom("ovh-eu", "ovh-ca", "ovh-us"),
    ip: publicAddress,
    internal: network("10.10"),
    carpNetwork: network("10.25"),
    carpHost: fc.integer({ min: 1, max: 254 }),
    ids: fc.uniqueArray(identifier, { minLength: 4, maxLength: 4 }),
    names: fc.tuple(freeName, freeName),
    vios: fc.uniqueArray(fc.nat(999), { minLength: 3, maxLength: 3 }),
    edges: fc.uniqueArray(
      fc.record({
        name: startingWith(LOWER, `${LOWER}${DIGITS}-`, 31).map((name) => name.replace(/-+$/, "x")),
        flavor: identifier,
        image: freeName,
        skew,
      }),
      { minLength: 2, maxLength: 8, selector: ({ name }) => name },
    ),
    keys: letters(`${WORD}+/`, 40, 60),
    profile: fc.constantFrom("normal", "normal", "fast"),
    vhid: fc.integer({ min: 1, max: 255 }),
    interval: fc.integer({ min: 1, max: 60 }),
    preempt: fc.boolean(),
    targets: fc.uniqueArray(publicAddress, { minLength: 1, maxLength: 4 }),
    probe: fc.record({
      interval: fc.integer({ min: 11, max: 300 }),
      attempts: fc.integer({ min: 1, max: 10 }),
    }),
    claim: fc.record({
      deadline: fc.integer({ min: 30, max: 900 }),
      checkInterval: fc.integer({ min: 10, max: 600 }),
      healthyFor: fc.integer({ min: 0, max: 300 }),
    }),
    user: startingWith(`${LOWER}_`, `${LOWER}${DIGITS}_-`, 30),
    paths: fc.tuple(path, path),
    limit: fc.integer({ min: 1, max: 3_600_000 }),
    mail: fc
      .tuple(letters(`${WORD}._+-`, 1, 64), letters(`${WORD}.-`, 1, 60))
      .map((parts) => parts.join("@")),
    metrics: letters(`${WORD}._-`, 1, 40).map((name) => `/var/db/${name}.prom`),
    webhook: fc.boolean(),
    accounts: fc.constantFrom([], ["2026-11"], ["b", "a"]),
    moving: fc.constantFrom("one", "list", "list", "order", "order"),
    unicast: fc.constantFrom(false, false, true),
    vrack: fc.nat(99_999).map((number) => `pn-${number + 1}`),
  })
  .map((of) => {
    // Two edges alone can be each other's peer; their addresses are none of carp's.
    const edges = of.unicast ? of.edges.slice(0, 2) : of.edges;
    const peers = [1, 2, 3].filter((number) => number !== of.carpHost);
    const skews = [...new Set(edges.map((edge) => edge.skew))];
    const givesSkews = of.profile === "normal" && skews.length === edges.length;
    const [first] = givesSkews ? [...edges].sort((a, b) => a.skew - b.skew) : edges;
    const named = { dns: { zone: "example.org", name: "edge" }, reverse: "edge.example.org" };
    const order = { country: "FR", acceptCost: true, planCode: "ip-failover-ripe", description: of.names[1] };
    return example({
      project: of.project,
      region: of.region,
      availabilityZone: of.zone,
      ovh: { endpoint: of.endpoint },
      ...(of.moving === "list"
        ? { failoverIp: undefined, failoverIps: [{ address: of.ip, preferred: first?.name, ...named }] }
        : { failoverIp: { ...(of.moving === "order" ? { order } : { address: of.ip }), ...named } }),
      vrack: of.vrack,
      securityGroups: [
        { id: of.ids[0] },
        {
          name: "edges",
          rules: [{ protocol: "tcp", port: 22, from: "192.0.2.0/24", description: of.names[0] }],
        },
      ],
      ...(of.base === "created"
        ? {
            internalNetwork: { name: of.names[0], vlanId: 10, cidr: of.internal.cidr },
            carpNetwork: { name: of.names[1], vlanId: 25, cidr: of.carpNetwork.cidr },
          }
        : {
            internalNetwork: { networkId: of.ids[0], subnetId: of.ids[1], cidr: of.internal.cidr },
            carpNetwork: { networkId: of.ids[2], subnetId: of.ids[3], cidr: of.carpNetwork.cidr },
          }),
      interfaces: { external: `vio${of.vios[0]}`, internal: `vio${of.vios[1]}`, carp: `vio${of.vios[2]}` },
      edges: edges.map(({ name, flavor, image, skew: advskew }, index) => ({
        name,
        // Every other edge exists, where the networks do.
        ...(of.base === "existing" && index % 2 === 1
          ? { existing: existing(index, of.internal.host(index + 11)) }
          : { flavor, image, internalAddress: of.internal.host(index + 11) }),
        sshHostKey: `ssh-ed25519 ${of.keys}${index}`,
        ...(givesSkews ? { advskew } : {}),
        ...(of.unicast ? { carpAddress: of.carpNetwork.host(peers[index] as number) } : {}),
      })),
      carp: {
        vhid: of.vhid,
        address: `${of.carpNetwork.host(of.carpHost)}/24`,
        profile: of.profile,
        preempt: of.preempt,
        unicast: of.unicast,
        ...(of.profile === "normal" ? { advertisementInterval: of.interval } : {}),
      },
      probe: {
        targets: of.targets
          .filter((target) => target !== of.ip)
          .concat("9.9.9.9")
          .slice(0, 4),
        ...of.probe,
      },
      claim: of.claim,
      ssh: {
        user: of.user,
        ...(of.user === "root" ? {} : { become: "doas" }),
        port: 22,
        privateKeyPath: of.paths[0],
        publicKeyPath: of.paths[1],
        bastion: {
          host: "bastion.example.org",
          user: of.user,
          privateKeyPath: of.paths[1],
          hostKey: `ssh-ed25519 ${of.keys}`,
        },
      },
      retired: ["edge-that-is-gone"].filter((name) => edges.every((edge) => edge.name !== name)),
      notify: { mail: of.mail, webhook: of.webhook, events: ["failover", "hold"] },
      metrics: { file: of.metrics },
      credentials: { serviceAccounts: of.accounts },
      drill: { limits: Object.fromEntries(DRILLS.map((name) => [name, of.limit])) },
    });
  });

interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The paths of all settings that are texts, from the JSON Schema; `[]` stands for any index. */
export function textSettings(): string[] {
  const schema = JSON.parse(readFileSync(new URL("../../edge.config.schema.json", import.meta.url), "utf8"));
  const walk = (node: SchemaNode, at: string): string[] => [
    ...(node.anyOf ?? []).flatMap((one) => walk(one, at)),
    ...Object.entries(node.properties ?? {}).flatMap(([key, one]) =>
      walk(one, at === "" ? key : `${at}.${key}`),
    ),
    ...(node.items === undefined ? [] : walk(node.items, `${at}[]`)),
    ...(node.type === "string" ? [at] : []),
  ];
  return [...new Set(walk(schema, ""))];
}

/** A configuration, what was done to it, and what it is delivered with. */
export interface Wish {
  readonly config: Record<string, unknown>;
  /** Settings that were made hostile, by path; `[]` stands for any index. */
  readonly spoiled: readonly string[];
  /** Secrets, ids and MAC addresses, which no file of the user's holds. */
  readonly values: Readonly<Record<Placeholder, string>>;
}

/** Any credential, sound or not. */
const secret = fc.oneof(
  { weight: 3, arbitrary: letters("!\"#$%&'()*+,-./:;<=>?[\\]^_`{|}~aZ0", 1, 128) },
  { weight: 1, arbitrary: fc.tuple(letters(WORD, 1, 10), attack).map(([sound, bad]) => sound + bad) },
  { weight: 1, arbitrary: hostileText },
);
const password = fc.oneof(
  fc.tuple(letters(WORD, 1, 10), attack).map(([sound, bad]) => sound + bad),
  hostileText,
);
const soundSecret = letters(WORD, 16, 32);
const soundPassword = letters(`${WORD}_-`, 1, 19);
const uuid = fc.uuid();
const mac = letters("0123456789abcdef", 6, 6).map((hex) => `fa:16:3e:${hex.match(/../g)?.join(":")}`);
/** Values that OVH or the user gives when Terraform runs; at most one of them is hostile. */
const values: fc.Arbitrary<Readonly<Record<Placeholder, string>>> = fc
  .tuple(
    fc.record({
      carpPassword: soundPassword,
      applicationKey: soundSecret,
      applicationSecret: soundSecret,
      consumerKey: soundSecret,
      webhookUrl: fc
        .webUrl({ validSchemes: ["https"], withQueryParameters: true })
        .filter((url) => !url.includes("@")),
      clientId: soundSecret,
      clientSecret: soundSecret,
      instanceId: uuid,
      failoverIp: fc.ipV4(),
      failoverIpId: uuid,
      macExternal: mac,
      macInternal: mac,
      macCarp: mac,
    }),
    fc.constantFrom("none", "none", "carpPassword", "applicationKey", "applicationSecret", "consumerKey"),
    secret,
    password,
  )
  .map(([sound, which, badSecret, badPassword]) => {
    if (which === "none") return sound;
    return { ...sound, [which]: which === "carpPassword" ? badPassword : badSecret };
  });

/** The concrete paths of a setting in a configuration. */
function concrete(config: unknown, setting: string): string[] {
  const at = setting.indexOf("[]");
  if (at < 0) return get(config, setting) === undefined ? [] : [setting];
  const list = get(config, setting.slice(0, at));
  if (!Array.isArray(list)) return [];
  return list.flatMap((_, index) =>
    concrete(config, `${setting.slice(0, at)}[${index}]${setting.slice(at + 2)}`),
  );
}

const SELDOM =
  /^(failoverIps\b|failoverIp\.(address|order)|edges\[\]\.(carpAddress|existing)|\w+Network\.(\w+Id|name))/;

/** A configuration with no, one or two of its texts made hostile, or a setting that there is not. */
export const wish: fc.Arbitrary<Wish> = fc
  .tuple(soundConfig, values, fc.constantFrom(0, 0, 1, 1, 1, 2), fc.boolean())
  .chain(([config, given, count, strange]) => {
    // What only some configurations have is drawn as often as the rest.
    const settings = textSettings()
      .filter((one) => concrete(config, one).length > 0 || one === "$schema")
      .flatMap((one) => (SELDOM.test(one) ? [one, one] : [one]));
    const one = fc.constantFrom(...settings).chain((setting) => {
      const paths = setting === "$schema" ? [setting] : concrete(config, setting);
      return fc.constantFrom(...paths).chain((at) =>
        spoiled(String(get(config, at) ?? "./edge.config.schema.json")).map((value) => ({
          setting,
          at,
          value,
        })),
      );
    });
    const key =
      strange && count === 2
        ? fc.tuple(fc.constantFrom("carp", "probe", "ssh"), hostileText)
        : fc.constant(undefined);
    return fc.tuple(fc.array(one, { minLength: count, maxLength: count }), key).map(([changes, unknown]) => ({
      config: withUnknown(changed(config, changes), unknown),
      spoiled: changes.map(({ setting }) => setting),
      values: given,
    }));
  });

function changed(config: Record<string, unknown>, changes: readonly { at: string; value: unknown }[]) {
  const copy = structuredClone(config);
  for (const { at, value } of changes) {
    const keys = at.split(/[.[\]]+/).filter((key) => key !== "");
    const last = keys.pop() as string;
    const parent = keys.reduce<unknown>(
      (node, key) => (node as Record<string, unknown> | undefined)?.[key],
      copy,
    );
    if (typeof parent === "object" && parent !== null) (parent as Record<string, unknown>)[last] = value;
  }
  return copy;
}

function withUnknown(config: Record<string, unknown>, unknown: readonly [string, string] | undefined) {
  if (unknown === undefined) return config;
  const [where, name] = unknown;
  // As JSON.parse does it, which makes a setting of `__proto__`.
  const entry = JSON.parse(`{${JSON.stringify(name)}: 1}`);
  const group = config[where];
  return typeof group === "object" ? { ...config, [where]: { ...entry, ...group } } : config;
}
