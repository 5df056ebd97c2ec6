import { parseConfig } from "../../config/load.js";
import { ifstatedConf } from "../../edge/ifstated.js";

/** The generated ifstated.conf of edges with one vhid, and with several. */
export interface IfstatedConfs {
  readonly one: string;
  readonly several: string;
}

/** The files of a configuration with one FailOver IP, and of the same with another one on a vhid of its own. */
export function ifstatedConfsOf(example: Readonly<Record<string, unknown>>): IfstatedConfs {
  const { failoverIp, ...others } = example;
  const vhid = ((example.carp as { vhid: number }).vhid % 255) + 1;
  const failoverIps = [failoverIp, { address: "146.59.143.232", vhid }];
  const [one, several] = [example, { ...others, failoverIps }].map(
    (input) => ifstatedConf(parseConfig(input)).content,
  ) as [string, string];
  return { one, several };
}
