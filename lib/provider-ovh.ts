/**
 * The bindings of provider ovh/ovh 2.19.0 that come with the package, one namespace per type. A stack of one's own needs
 * `provider.OvhProvider` of them, and may use any other: `domainZoneRecord.DomainZoneRecord`, `cloudInstance.CloudInstance`, …
 *
 * @packageDocumentation
 */
export * from "@cdktf/provider-ovh";
