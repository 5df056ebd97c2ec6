import type { Effect } from "./effects.js";
import { code } from "./markdown.js";
import type { ResourceChange } from "./plan.js";
import { type Role, text } from "./role.js";

const danger = (sentence: string): Effect => ({ kind: "danger", text: sentence });
const change = (sentence: string): Effect => ({ kind: "change", text: sentence });

const DONE: Readonly<Record<string, string>> = {
  create: "made",
  update: "changed in place",
  replace: "replaced",
  destroy: "destroyed",
  forget: "forgotten",
};

/** What a plan does to what is around the edges: an order, the vRack, security groups, names. */
export function around({ action, before, after }: ResourceChange, role: Role): Effect[] {
  const told = (key: string) => code(text(after, key) ?? text(before, key) ?? "?");
  switch (role.is) {
    case "order":
      return order(action, text(before, "ip"));
    case "order-move":
      if (action === "create") return [change("The FailOver IP that is ordered goes to the project.")];
      if (action === "update") return [change("How the ordered FailOver IP is routed is changed in place.")];
      return [
        danger(
          `**The ordered FailOver IP leaves the project**${action === "replace" ? ", and comes back" : ""}: no edge can have it meanwhile.`,
        ),
      ];
    case "vrack":
      return action === "create"
        ? [change(`The project is put into vRack ${told("service_name")}.`)]
        : [danger(`**The project leaves vRack ${told("service_name")}**: its private networks need one.`)];
    case "firewall":
      return [
        action === "destroy" || action === "replace"
          ? danger(`**Security group ${told("name")} is ${DONE[action]}**, on every interface of the edges.`)
          : change(
              `Security group ${told("name")} is ${DONE[action] ?? action}; the edges are not touched by that.`,
            ),
      ];
    case "dns":
      return [change(`The DNS record ${told("subdomain")} of ${told("zone")} is ${DONE[action] ?? action}.`)];
    case "reverse":
      return [change(`The reverse ${told("reverse")} is ${DONE[action] ?? action}.`)];
    default:
      return [];
  }
}

function order(action: string, ip: string | undefined): Effect[] {
  const which = ip === undefined ? "" : ` ${code(ip)}`;
  switch (action) {
    case "create":
      return [
        danger(
          "**A FailOver IP is ordered**: it is paid by the account's default payment method, and OVH bills it each month.",
        ),
      ];
    case "replace":
      return [
        danger(
          `**Another FailOver IP is ordered**, which costs money, and the service of${which || " the present one"} is terminated: its address is given away for good.`,
        ),
      ];
    case "destroy":
      return [
        danger(`**The service of FailOver IP${which} is terminated**: the address is given away for good.`),
      ];
    case "forget":
      return [
        danger(
          `**The ordered FailOver IP${which} is forgotten**: OVH goes on billing it, and nothing here manages it.`,
        ),
      ];
    default:
      return [change("What OVH shows beside the ordered FailOver IP is changed in place.")];
  }
}
