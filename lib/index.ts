/**
 * A redundant edge on OVH Public Cloud: constructs, configuration, and the files of an edge.
 *
 * @packageDocumentation
 */
export { ConfigError, type ConfigIssue } from "./config/errors.js";
export { configFile, DEFAULT_CONFIG_FILE, type Environment, loadConfig, parseConfig } from "./config/load.js";
export type { EdgeConfig, EdgeConfigInput, EdgeSettings, NetworkSettings } from "./config/schema.js";
export { CarpNetwork, type CarpNetworkProps } from "./constructs/carp-network.js";
export { DnsName, type DnsNameProps, ReverseName, type ReverseNameProps } from "./constructs/dns-name.js";
export { EdgeConnections, type EdgeConnectionsProps } from "./constructs/edge-connections.js";
export {
  type ApplicationKey,
  type EdgeCredentials,
  EdgeServiceAccounts,
  type EdgeServiceAccountsProps,
  type ServiceAccount,
} from "./constructs/edge-credentials.js";
export {
  EdgeInstance,
  type EdgeInstanceProps,
  type EdgeMacs,
  type IEdgeInstance,
} from "./constructs/edge-instance.js";
export { EdgeProvisioning, type EdgeProvisioningProps } from "./constructs/edge-provisioning.js";
export { EdgeStack, type EdgeStackProps } from "./constructs/edge-stack.js";
export {
  type DeployedEdge,
  FailoverEdge,
  type FailoverEdgeProps,
} from "./constructs/failover-edge.js";
export {
  type AttachProps,
  FailoverIp,
  type FailoverIpProps,
  type IFailoverIp,
} from "./constructs/failover-ip.js";
export { type IInstanceGroup, InstanceGroup, type InstanceGroupProps } from "./constructs/instance-group.js";
export { IpOrder, type IpOrderProps } from "./constructs/ip-order.js";
export {
  type IPrivateNetwork,
  PrivateNetwork,
  type PrivateNetworkAttributes,
  type PrivateNetworkProps,
} from "./constructs/private-network.js";
export {
  type ISecurityGroup,
  SecurityGroup,
  type SecurityGroupProps,
  type SecurityGroupRule,
} from "./constructs/security-group.js";
export type { SshAccess, SshTarget } from "./constructs/ssh-connection.js";
export { type ISshKey, SshKey, type SshKeyProps } from "./constructs/ssh-key.js";
export { VrackAttachment, type VrackAttachmentProps } from "./constructs/vrack-attachment.js";
export type { EdgeFile, EdgeLine, RenderedEdge } from "./edge/file.js";
export type { Placeholder } from "./edge/placeholders.js";
export { renderEdge } from "./edge/render.js";
export { type StaticFiles, staticFiles } from "./edge/static-files.js";
