import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { OAuth2, RateLimit } from "./auth.js";
import { Buckets } from "./buckets.js";
import { accept } from "./check.js";
import { type Durations, isoTime } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";
import { type FailoverBehaviour, FailoverIps } from "./failover.js";
import { Faults } from "./faults.js";
import { Iam } from "./iam.js";
import { type InstanceSurroundings, Instances } from "./instances.js";
import { IpServices } from "./ip-services.js";
import { Networks } from "./networks.js";
import { Orders } from "./orders.js";
import { DEFAULT_QUOTA, type InstanceQuota } from "./region-routes.js";
import { SecurityGroups } from "./security-groups.js";
import { DEFAULT_ACCOUNT, type Flavor, flavorsOf, type Image, imageOf, type Seed } from "./seed.js";
import { Users } from "./users.js";
import { Vracks } from "./vracks.js";
import { Zones } from "./zones.js";

/** How the simulated API behaves in time. */
export interface ApiOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds that the tasks of v2 resources take. */
  readonly durations: Durations;
  readonly failover: FailoverBehaviour;
  /** Whether an instance can be attached to. @default - it was created here and runs */
  readonly isReady?: (instanceId: string) => boolean;
  readonly started?: InstanceSurroundings["started"];
  readonly stopped?: InstanceSurroundings["stopped"];
}

interface SshKey {
  readonly name: string;
  readonly publicKey: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const sshKeyBody = z.object({ name: z.string().min(1), publicKey: z.string().min(1) });

/** The store behind the API of one Public Cloud project: everything but HTTP. */
export class OvhProject {
  readonly faults = new Faults();
  readonly oauth2: OAuth2;
  readonly rateLimit: RateLimit;
  readonly networks: Networks;
  readonly instances: Instances;
  readonly failoverIps: FailoverIps;
  readonly securityGroups: SecurityGroups;
  readonly vracks: Vracks;
  readonly zones: Zones;
  readonly ips: IpServices;
  readonly orders: Orders;
  readonly users: Users;
  readonly buckets: Buckets;
  readonly iam: Iam;
  /** What each region grants. */
  readonly quota: InstanceQuota = { ...DEFAULT_QUOTA };
  /** Where the regions are, and which countries' FailOver IPs they take. */
  readonly place = { continentCode: "EU", ipCountries: ["fr", "de", "be", "it"] };
  readonly flavors: readonly Flavor[];
  private images: readonly Image[];
  private readonly sshKeys = new Map<string, SshKey>();
  private nextPublic = 11;
  private nextOrdered = 101;
  private before: readonly string[] = [];

  constructor(
    readonly seed: Seed,
    private readonly options: ApiOptions,
  ) {
    const { clock, random, durations } = options;
    const path = `/v2/publicCloud/project/${seed.project}`;
    this.iam = new Iam("xx1111-ovh", clock, random);
    this.oauth2 = new OAuth2(seed.clients ?? [], clock, random, this.iam);
    this.rateLimit = new RateLimit(clock);
    this.flavors = seed.regions.flatMap(flavorsOf);
    this.images = seed.regions.flatMap((region) => seed.imageNames.map((name) => imageOf(region, name)));
    const account = { ...DEFAULT_ACCOUNT, ...seed.account };
    this.vracks = new Vracks(
      { [account.vrack]: account.inVrack ? [seed.project] : [] },
      clock,
      durations.create,
      () => this.keepVrack(),
    );
    this.networks = new Networks(
      path,
      seed.regions,
      durations,
      clock,
      random,
      () => this.settle(),
      () => this.vracks.of(seed.project) !== undefined,
    );
    const defaultSecurityGroup = random.uuid();
    this.securityGroups = new SecurityGroups(
      path,
      seed.regions,
      durations,
      clock,
      random,
      defaultSecurityGroup,
      () => this.usedSecurityGroups(),
    );
    this.instances = new Instances(
      {
        project: seed.project,
        path,
        regions: seed.regions,
        flavors: this.flavors,
        images: () => this.images,
        networks: this.networks,
        hasKey: (name) => this.sshKeys.has(name),
        publicAddress: () => `${seed.publicPrefix}.${this.nextPublic++}`,
        defaultSecurityGroup,
        checkSecurityGroup: (id) => this.securityGroups.check(id),
        started: options.started,
        stopped: options.stopped,
      },
      durations,
      clock,
      random,
    );
    this.failoverIps = new FailoverIps(
      clock,
      options.isReady ?? ((id) => this.instances.isReady(id)),
      options.failover,
      () => this.ips?.settle(),
    );
    this.users = new Users(seed.project, durations, clock, random);
    this.buckets = new Buckets(this.users, clock);
    for (const { id, address, routedTo } of seed.failoverIps) this.failoverIps.add(id, address, routedTo);
    this.zones = new Zones(account.zones, clock, durations.update);
    this.orders = new Orders(
      account.subsidiary,
      account.paymentMethods,
      clock,
      random,
      { check: durations.create, deliver: durations.create, mail: durations.update },
      ({ country }) => {
        const address = `198.51.100.${this.nextOrdered++}`;
        return this.ips.add(address, `${address}/32`, country);
      },
    );
    this.ips = new IpServices({
      clock,
      random,
      project: seed.project,
      failoverIps: this.failoverIps,
      countries: () => this.place.ipCountries,
      moveDuration: durations.create,
      resolve: (name) => this.zones.resolve(name),
      mail: (body) => this.orders.mail(body),
    });
    this.keepWhatIsThere();
  }

  /** Lets tasks end whose time has come; what has begun to run or has gone is told to those who asked. */
  settle(): void {
    this.instances.instances.settle();
  }

  /** Publishes an image anew: the same name under another id, as OVH does. */
  republishImage(name: string): void {
    this.images = this.images.map((image) =>
      image.name === name
        ? imageOf(image.location.region, name, Number(image.createdAt.slice(8, 10)) + 1)
        : image,
    );
  }

  /** Everything that a deploy could have left behind. */
  leftovers(): string[] {
    return this.everything().filter((one) => !this.before.includes(one));
  }

  /** Takes what is there now for what was there before any deploy. */
  keepWhatIsThere(): void {
    this.before = this.everything();
  }

  private everything(): string[] {
    return [
      ...this.instances.instances.list().map(({ id }) => `instance ${id}`),
      ...this.instances.groups.list().map(({ id }) => `instance group ${id}`),
      ...this.networks.networks.list().map(({ id }) => `network ${id}`),
      ...[...this.sshKeys.keys()].map((name) => `SSH key ${name}`),
      ...this.users.list().map(({ id }) => `user ${id}`),
      ...this.buckets.names().map((name) => `bucket ${name}`),
      ...this.iam.listClients().map((id) => `service account ${id}`),
      ...this.iam.listPolicies().map(({ id }) => `policy ${id}`),
      ...this.securityGroups.groups.list().map(({ id }) => `security group ${id}`),
      ...this.belongings(),
    ];
  }

  /** What the account has beside the project. */
  private belongings(): string[] {
    const { project } = this.seed;
    const vrack = this.vracks.of(project);
    return [
      ...this.zones
        .records()
        .map(({ zone, subDomain, fieldType }) => `record ${subDomain} ${fieldType} of ${zone}`),
      ...this.ips.list().map((block) => `address ${block}`),
      ...(vrack === undefined ? [] : [`project in vrack ${vrack}`]),
    ];
  }

  /** @throws ApiError while private networks need the vRack */
  private keepVrack(): void {
    const [network] = this.networks.networks.list();
    if (network !== undefined) throw conflict(`The project still has private network ${network.id}`);
  }

  private usedSecurityGroups(): string[] {
    return this.instances.instances
      .list()
      .flatMap(({ targetSpec }) => (targetSpec.securityGroups ?? []).map(({ id }) => id));
  }

  listFlavors(region?: string): Flavor[] {
    return this.flavors.filter(({ location }) => region === undefined || location.region === region);
  }

  listImages(region?: string): Image[] {
    return this.images.filter(({ location }) => region === undefined || location.region === region);
  }

  listSshKeys(): SshKey[] {
    return [...this.sshKeys.values()];
  }

  getSshKey(name: string): SshKey {
    const key = this.sshKeys.get(name);
    if (key === undefined) throw notFound(`SSH key ${name} does not exist`);
    return key;
  }

  createSshKey(body: unknown): SshKey {
    const { name, publicKey } = accept(sshKeyBody, body);
    if (this.sshKeys.has(name)) throw conflict(`SSH key ${name} already exists`);
    if (!/^(ssh-|ecdsa-)\S+ \S+/.test(publicKey))
      throw badRequest("Invalid parameter publicKey: not a public key");
    const at = isoTime(this.options.clock.now());
    const key = { name, publicKey, createdAt: at, updatedAt: at };
    this.sshKeys.set(name, key);
    return key;
  }

  deleteSshKey(name: string): void {
    this.getSshKey(name);
    this.sshKeys.delete(name);
  }
}
