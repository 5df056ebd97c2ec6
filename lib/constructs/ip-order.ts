import { IpMove } from "@cdktf/provider-ovh/lib/ip-move";
import { IpService } from "@cdktf/provider-ovh/lib/ip-service";
import { Annotations, type ITerraformDependable, TerraformLocal, Token } from "cdktf";
import { Construct } from "constructs";
import { reference } from "./reference.js";

/** Props of an order. */
export interface IpOrderProps {
  /** Id of the Public Cloud project that the address goes to. */
  readonly serviceName: string;
  /** Country of the address, two capitals such as `FR`; one that the project's region takes. */
  readonly country: string;
  /** That an order is paid by the account's default payment method, now and each month, is accepted. */
  readonly acceptCost: boolean;
  /** Plan in OVH's catalogue. @default - ip-failover-ripe */
  readonly planCode?: string;
  /** What OVH shows beside the address. @default - none */
  readonly description?: string;
  /** Whether a destroy terminates the service, which gives the address away for good. @default - false */
  readonly terminateOnDestroy?: boolean;
}

/** What is ordered unless something else is said. */
export const DEFAULT_PLAN = "ip-failover-ripe";

/**
 * Orders an address, pays it, and moves it to a project. It costs money from the first deploy on.
 * API: /order/cart, /me/order, /ip/{ip}/move
 */
export class IpOrder extends Construct implements ITerraformDependable {
  /** The address, once it is delivered. */
  readonly address: string;
  private readonly move: IpMove;

  /** @throws Error when the cost is not accepted */
  constructor(scope: Construct, id: string, props: IpOrderProps) {
    super(scope, id);
    const { serviceName, country, acceptCost, planCode = DEFAULT_PLAN, description } = props;
    const { terminateOnDestroy = false } = props;
    if (acceptCost !== true) {
      throw new Error(
        `acceptCost must be true to order an address, got ${String(acceptCost)}; set it, or adopt an address that the project has`,
      );
    }
    const service = new IpService(this, "service", {
      description,
      plan: {
        planCode,
        duration: "P1M",
        pricingMode: "default",
        configuration: [
          { label: "country", value: country },
          { label: "destination", value: "parking" },
        ],
      },
      // A plan that changes would order another address and give this one away.
      lifecycle: { ignoreChanges: ["plan"], preventDestroy: !terminateOnDestroy },
    });
    this.move = new IpMove(this, "move", {
      ip: service.ip,
      routedTo: { serviceName },
      // Whoever moved it elsewhere meant that; a deploy does not take it back.
      lifecycle: { ignoreChanges: ["routed_to"] },
    });
    this.address = new TerraformLocal(
      this,
      "address",
      `\${split("/", ${reference(service, "ip")})[0]}`,
    ).asString;
    // A warning is printed at synthesis, when nobody knows what another resource will say.
    const plan = Token.isUnresolved(planCode) ? "" : ` (plan ${planCode})`;
    Annotations.of(this).addWarning(
      `The FailOver IP is ordered${plan}: the first deploy pays it by the account's default payment method, and OVH bills it each month. ` +
        (terminateOnDestroy
          ? "A destroy terminates the service: the address is given away for good."
          : "A destroy is refused while it is in the stack; docs/ordering.md tells how to keep the address or give it away."),
    );
  }

  /** Address of the move, for `dependsOn`: after it the project has the address. */
  get fqn(): string {
    return this.move.fqn;
  }
}
