import { type BackendSettings, isThisMachine, STORAGE_REGIONS } from "./backend.js";
import type { ConfigIssue } from "./errors.js";
import { show } from "./errors.js";

/** Everything about a backend that one setting's own rule cannot see. */
export function checkBackend(backend: BackendSettings): ConfigIssue[] {
  return [...inClear(backend), ...storageRegion(backend), ...databaseWithoutHost(backend)];
}

/** A state, and the password that asks for it, must not go over a network in clear. */
function inClear(backend: BackendSettings): ConfigIssue[] {
  if (backend.type === "consul") {
    const [host] = backend.address.split(":") as [string];
    if (backend.scheme !== "http" || isThisMachine(host)) return [];
    return [
      {
        path: "backend.scheme",
        message: `must be https, as backend.address ${backend.address} is another machine, got "http"; use https, or an agent on this machine`,
      },
    ];
  }
  if (backend.type === "pg") {
    const { host = "/", sslMode } = backend;
    if (sslMode !== "disable" || host.startsWith("/") || isThisMachine(host)) return [];
    return [
      {
        path: "backend.sslMode",
        message: `must be require, verify-ca or verify-full, as backend.host ${host} is another machine, got "disable"; leave it out for verify-full`,
      },
    ];
  }
  if (backend.type !== "http" && backend.type !== "s3") return [];
  const addresses =
    backend.type === "s3"
      ? { endpoint: backend.endpoint }
      : {
          address: backend.address,
          lockAddress: backend.lockAddress,
          unlockAddress: backend.unlockAddress,
        };
  return Object.entries(addresses).flatMap(([name, address]) =>
    address === undefined || address.startsWith("https:") || isThisMachine(new URL(address).hostname)
      ? []
      : [
          {
            path: `backend.${name}`,
            message: `must begin with https://, as it is another machine, got ${show(address)}; the state would go over the network in clear`,
          },
        ],
  );
}

function storageRegion(backend: BackendSettings): ConfigIssue[] {
  if (backend.type !== "s3" || backend.endpoint !== undefined) return [];
  if ((STORAGE_REGIONS as readonly string[]).includes(backend.region)) return [];
  return [
    {
      path: "backend.region",
      message: `must be a region of OVH's Object Storage, or backend.endpoint be given, got ${show(backend.region)}; the regions are ${STORAGE_REGIONS.join(", ")}`,
    },
  ];
}

function databaseWithoutHost(backend: BackendSettings): ConfigIssue[] {
  if (backend.type !== "pg" || backend.host !== undefined) return [];
  return (["port", "database", "sslMode"] as const)
    .filter((name) => backend[name] !== undefined)
    .map((name) => ({
      path: `backend.${name}`,
      message: `must be left out without backend.host, got ${show(backend[name])}; give the host, or say it all in PG_CONN_STR`,
    }));
}
