/**
 * The bindings of provider hashicorp/null that come with the package. A stack of one's own needs `provider.NullProvider`
 * of them, as the edges' files are delivered by its resources.
 *
 * @packageDocumentation
 */
export * from "@cdktf/provider-null";
