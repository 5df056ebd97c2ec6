import { describe, expect, it } from "vitest";
import { fromApi, idObject, toApi } from "../../../lib/simulator/provider/api-shape.js";
import type { AttributeSchema } from "../../../lib/simulator/provider/schema.js";

const inner = { mac: { type: "string", computed: true } } as const;
const attributes: Readonly<Record<string, AttributeSchema>> = {
  host_id: { type: "string", computed: true },
  vlan_id: { type: "number", computed: true },
  dhcp_enabled: { type: "bool", computed: true },
  dns_nameservers: { type: ["list", "string"], computed: true },
  location: { nested_type: { nesting_mode: "single", attributes: inner }, computed: true },
  addresses: { nested_type: { nesting_mode: "list", attributes: inner }, computed: true },
};

describe("an object of the API as attributes", () => {
  it("is read under its camel case names", () => {
    const object = {
      hostId: "h",
      vlanId: 25,
      dhcpEnabled: true,
      dnsNameservers: ["1.1.1.1"],
      location: { mac: "a" },
      addresses: [{ mac: "b" }],
    };
    expect(fromApi(attributes, object, "zero")).toEqual({
      host_id: "h",
      vlan_id: 25,
      dhcp_enabled: true,
      dns_nameservers: ["1.1.1.1"],
      location: { mac: "a" },
      addresses: [{ mac: "b" }],
    });
  });

  it.each([
    ["zero", { host_id: "", vlan_id: 0, dhcp_enabled: false }],
    ["null", { host_id: null, vlan_id: null, dhcp_enabled: null }],
  ] as const)("has %s for what is absent or null, and null for lists and objects", (absent, scalars) => {
    const expected = { ...scalars, dns_nameservers: null, location: null, addresses: null };
    expect(fromApi(attributes, {}, absent)).toEqual(expected);
    expect(fromApi(attributes, undefined, absent)).toEqual(expected);
    expect(fromApi(attributes, null, absent)).toEqual(expected);
    const nulls = { hostId: null, vlanId: null, dhcpEnabled: null, location: null, addresses: null };
    expect(fromApi(attributes, nulls, absent)).toEqual(expected);
  });

  it("keeps what is empty as it is", () => {
    const object = { hostId: "", vlanId: 0, dhcpEnabled: false, dnsNameservers: [], addresses: [] };
    expect(fromApi(attributes, object, "null")).toEqual({
      host_id: "",
      vlan_id: 0,
      dhcp_enabled: false,
      dns_nameservers: [],
      location: null,
      addresses: [],
    });
  });

  it("has all attributes of the objects in it", () => {
    const object = { location: {}, addresses: [{}, { mac: null }] };
    expect(fromApi(attributes, object, "zero")).toMatchObject({
      location: { mac: "" },
      addresses: [{ mac: "" }, { mac: "" }],
    });
  });

  it("has nothing that the schema does not name", () => {
    expect(fromApi({}, { hostId: "h" }, "zero")).toEqual({});
  });
});

describe("an object for the API", () => {
  it("leaves out what is null or absent, and nothing that is only empty", () => {
    const fields = { a: null, b: undefined, c: "", d: 0, e: false, f: [], g: {} };
    expect(toApi(fields)).toEqual({ c: "", d: 0, e: false, f: [], g: {} });
  });

  it.each([
    ["i-1", { id: "i-1" }],
    ["", null],
    [null, null],
    [undefined, null],
  ])("refers to %j as %j", (id, expected) => {
    expect(idObject(id)).toEqual(expected);
  });
});
