import {
  ConsulBackend,
  type ConsulBackendConfig,
  HttpBackend,
  LocalBackend,
  PgBackend,
  type PgBackendConfig,
  S3Backend,
  type TerraformStack,
} from "cdktf";
import { type BackendSettings, isThisMachine } from "../config/backend.js";

type Of<Type extends BackendSettings["type"]> = Extract<BackendSettings, { type: Type }>;

/**
 * Gives a stack the backend of its configuration. What is not named there is named after the stack.
 * No credential is ever part of it: Terraform takes them from its environment.
 */
export function stateBackend(stack: TerraformStack, backend: BackendSettings): void {
  const make = MAKERS[backend.type] as (stack: TerraformStack, backend: BackendSettings) => void;
  make(stack, backend);
}

const MAKERS: { [Type in BackendSettings["type"]]: (stack: TerraformStack, backend: Of<Type>) => void } = {
  local,
  s3,
  consul,
  pg,
  http,
};

function local(stack: TerraformStack, { path }: Of<"local">): void {
  new LocalBackend(stack, { path: path ?? `terraform.${stack.node.id}.tfstate` });
}

function s3(stack: TerraformStack, { bucket, region, key, endpoint, lockfile }: Of<"s3">): void {
  new S3Backend(stack, {
    bucket,
    region,
    key: key ?? `${stack.node.id}/terraform.tfstate`,
    endpoints: { s3: endpoint ?? `https://s3.${region}.io.cloud.ovh.net` },
    usePathStyle: true,
    // What only Amazon has: its list of regions, STS, IAM and the metadata of its instances.
    skipRegionValidation: true,
    skipCredentialsValidation: true,
    skipRequestingAccountId: true,
    skipMetadataApiCheck: true,
    skipS3Checksum: true,
  });
  if (!lockfile) return;
  // cdktf does not know this one; Terraform and OpenTofu do since 1.10.
  stack.addOverride("terraform.backend.s3.use_lockfile", true);
  stack.addOverride("terraform.required_version", ">= 1.10");
}

function consul(stack: TerraformStack, { address, scheme, datacenter, path, gzip }: Of<"consul">): void {
  const [host] = address.split(":") as [string];
  const settings: Omit<ConsulBackendConfig, "accessToken"> = {
    address,
    scheme: scheme ?? (isThisMachine(host) ? "http" : "https"),
    path: path ?? `terraform/${stack.node.id}`,
    datacenter,
    gzip,
    lock: true,
  };
  // cdktf wants a token here, which the environment has.
  new ConsulBackend(stack, settings as ConsulBackendConfig);
}

function pg(stack: TerraformStack, backend: Of<"pg">): void {
  const settings: Omit<PgBackendConfig, "connStr"> & { connStr?: string } = {
    connStr: connection(backend),
    schemaName: backend.schemaName ?? `terraform_${stack.node.id.toLowerCase().replace(/[^a-z0-9]/g, "_")}`,
    ...(backend.create ? {} : { skipSchemaCreation: true, skipTableCreation: true, skipIndexCreation: true }),
  };
  // cdktf wants a connection here, which the environment may have.
  new PgBackend(stack, settings as PgBackendConfig);
}

function connection({ host, port = 5432, database = "terraform", sslMode }: Of<"pg">): string | undefined {
  if (host === undefined) return undefined;
  const socket = host.startsWith("/");
  const mode = sslMode ?? (socket || isThisMachine(host) ? "disable" : "verify-full");
  if (!socket) return `postgres://${host}:${port}/${database}?sslmode=${mode}`;
  return `postgres:///${database}?host=${encodeURIComponent(host)}&port=${port}&sslmode=${mode}`;
}

function http(stack: TerraformStack, backend: Of<"http">): void {
  const { address, lockAddress = address, unlockAddress = lockAddress } = backend;
  const { updateMethod, lockMethod, unlockMethod } = backend;
  new HttpBackend(stack, { address, updateMethod, lockAddress, lockMethod, unlockAddress, unlockMethod });
}
