import { z } from "zod";
import type { Clock } from "../clock.js";
import type { Random } from "../random.js";
import { accept } from "./check.js";
import { isoTime } from "./envelope.js";
import { badRequest, conflict, notFound } from "./errors.js";

/** What an order of an address may name. */
export interface IpOrder {
  readonly planCode: string;
  readonly country: string;
}

interface CartItem {
  readonly itemId: number;
  readonly planCode: string;
  readonly configurations: Map<string, string>;
}

interface Cart {
  readonly cartId: string;
  readonly ovhSubsidiary: string;
  assigned: boolean;
  readonly items: CartItem[];
  done: boolean;
}

interface Order {
  readonly orderId: number;
  readonly date: number;
  readonly items: readonly CartItem[];
  paidAt: number | undefined;
  /** Names of what was delivered, in the order of the items. */
  delivered: readonly string[] | undefined;
}

interface Mail {
  readonly id: number;
  readonly body: string;
  /** When it shows in the history. */
  readonly at: number;
}

/** Products of the catalogue of addresses, with their price a month without tax. */
const PLANS: Readonly<Record<string, number>> = { "ip-failover-ripe": 1.5, "ip-failover-arin": 1.5 };

/** Orders, payment and mails of an account: what it takes until an address is one's own. */
export class Orders {
  /** Ids of the payment methods; the first one is the default. */
  paymentMethods: number[];
  private readonly carts = new Map<string, Cart>();
  private readonly orders = new Map<number, Order>();
  private readonly mails: Mail[] = [];
  private nextId = 200_000_001;

  constructor(
    readonly subsidiary: string,
    paymentMethods: readonly number[],
    private readonly clock: Clock,
    private readonly random: Random,
    /** Milliseconds that OVH checks a payment for, and that a delivery takes. */
    private readonly durations: { readonly check: number; readonly deliver: number; readonly mail: number },
    /** Makes what was ordered. @returns the name of its service */
    private readonly deliver: (order: IpOrder) => string,
  ) {
    this.paymentMethods = [...paymentMethods];
    this.mail("Welcome.");
  }

  createCart(body: unknown): object {
    const { ovhSubsidiary } = accept(z.object({ ovhSubsidiary: z.string() }), body);
    if (ovhSubsidiary !== this.subsidiary) {
      throw badRequest(`Invalid parameter ovhSubsidiary: ${ovhSubsidiary} is not yours`);
    }
    const cart = { cartId: this.random.uuid(), ovhSubsidiary, assigned: false, items: [], done: false };
    this.carts.set(cart.cartId, cart);
    return {
      cartId: cart.cartId,
      items: [],
      readOnly: false,
      expire: isoTime(this.clock.now() + 86_400_000),
    };
  }

  assign(cartId: string): void {
    this.cart(cartId).assigned = true;
  }

  addIp(cartId: string, body: unknown): object {
    const cart = this.cart(cartId);
    const { planCode, duration, pricingMode } = accept(
      z.object({
        planCode: z.string(),
        duration: z.string(),
        pricingMode: z.string(),
        quantity: z.int().min(1).max(1),
      }),
      body,
    );
    if (PLANS[planCode] === undefined) throw notFound(`Plan ${planCode} does not exist in catalog ip`);
    if (duration !== "P1M") throw badRequest(`Invalid parameter duration: ${planCode} has no ${duration}`);
    if (pricingMode !== "default") {
      throw badRequest(`Invalid parameter pricingMode: ${planCode} has no ${pricingMode}`);
    }
    const item: CartItem = { itemId: this.nextId++, planCode, configurations: new Map() };
    cart.items.push(item);
    return { cartId, itemId: item.itemId, productId: "ip", duration };
  }

  configure(cartId: string, itemId: number, body: unknown): object {
    const item = this.cart(cartId).items.find((one) => one.itemId === itemId);
    if (item === undefined) throw notFound(`The requested object (itemId = ${itemId}) does not exist`);
    const { label, value } = accept(z.object({ label: z.string(), value: z.string() }), body);
    if (!["country", "destination", "region"].includes(label)) {
      throw badRequest(`Invalid parameter label: ${label}`);
    }
    item.configurations.set(label, value);
    return { id: this.nextId++, label, value };
  }

  /** What a cart would cost. */
  summary(cartId: string): object {
    return { orderId: null, prices: this.prices(this.cart(cartId)) };
  }

  /** Makes an order of a cart; nothing is paid by that. @throws ApiError */
  checkout(cartId: string): object {
    const cart = this.cart(cartId);
    if (!cart.assigned) throw badRequest(`Cart ${cartId} is assigned to nobody`);
    if (cart.items.length === 0) throw badRequest(`Cart ${cartId} is empty`);
    for (const { configurations, itemId } of cart.items) {
      const country = configurations.get("country");
      if (country === undefined) throw badRequest(`Item ${itemId} misses its configuration country`);
      if (!/^[A-Z]{2}$/.test(country)) throw badRequest(`Invalid configuration country: ${country}`);
    }
    cart.done = true;
    const order: Order = {
      orderId: this.nextId++,
      date: this.clock.now(),
      items: cart.items,
      paidAt: undefined,
      delivered: undefined,
    };
    this.orders.set(order.orderId, order);
    return { orderId: order.orderId, prices: this.prices(cart) };
  }

  /** @throws ApiError where there is no such payment method */
  pay(orderId: number, body: unknown): void {
    const order = this.order(orderId);
    const { paymentMethod } = accept(z.object({ paymentMethod: z.object({ id: z.int() }) }), body);
    if (!this.paymentMethods.includes(paymentMethod.id)) {
      throw badRequest(`Payment method ${paymentMethod.id} does not exist`);
    }
    if (order.paidAt !== undefined) throw conflict(`Order ${orderId} is paid already`);
    order.paidAt = this.clock.now();
  }

  status(orderId: number): "notPaid" | "checking" | "delivering" | "delivered" {
    const order = this.order(orderId);
    if (order.paidAt === undefined) return "notPaid";
    const since = this.clock.now() - order.paidAt;
    if (since < this.durations.check) return "checking";
    if (since < this.durations.check + this.durations.deliver) return "delivering";
    order.delivered ??= order.items.map(({ planCode, configurations }) =>
      this.deliver({ planCode, country: (configurations.get("country") as string).toLowerCase() }),
    );
    return "delivered";
  }

  get(orderId: number): object {
    const { date } = this.order(orderId);
    return { orderId, date: isoTime(date), expirationDate: isoTime(date + 14 * 86_400_000) };
  }

  details(orderId: number): number[] {
    return this.order(orderId).items.map(({ itemId }) => itemId);
  }

  detail(orderId: number, id: number): object {
    const { index } = this.item(orderId, id);
    return {
      orderDetailId: id,
      description: "Additional IP",
      domain: this.order(orderId).delivered?.[index] ?? "*",
      quantity: "1",
    };
  }

  extension(orderId: number, id: number): object {
    const { item } = this.item(orderId, id);
    const configurations = [...item.configurations].map(([label, value]) => ({ label, value }));
    return { order: { plan: { code: item.planCode }, configurations } };
  }

  /** Writes to the account's owner; it takes a while until the history has it. */
  mail(body: string): void {
    this.mails.push({
      id: this.nextId++,
      body,
      at: this.clock.now() + (this.mails.length === 0 ? 0 : this.durations.mail),
    });
  }

  mailIds(): number[] {
    return this.mails.filter(({ at }) => at <= this.clock.now()).map(({ id }) => id);
  }

  getMail(id: number): { id: number; subject: string; body: string } {
    const mail = this.mails.find((one) => one.id === id && one.at <= this.clock.now());
    if (mail === undefined) throw notFound(`The requested object (id = ${id}) does not exist`);
    return { id, subject: "OVHcloud", body: mail.body };
  }

  private prices(cart: Cart): object {
    const value = cart.items.reduce((sum, { planCode }) => sum + (PLANS[planCode] ?? 0), 0);
    return { withoutTax: { value, currencyCode: "EUR", text: `${value.toFixed(2)} €` } };
  }

  private cart(cartId: string): Cart {
    const cart = this.carts.get(cartId);
    if (cart === undefined || cart.done) throw notFound(`Cart ${cartId} does not exist`);
    return cart;
  }

  private order(orderId: number): Order {
    const order = this.orders.get(orderId);
    if (order === undefined) throw notFound(`The requested object (orderId = ${orderId}) does not exist`);
    return order;
  }

  private item(orderId: number, id: number): { item: CartItem; index: number } {
    const { items } = this.order(orderId);
    const index = items.findIndex(({ itemId }) => itemId === id);
    const item = items[index];
    if (item === undefined) throw notFound(`The requested object (orderDetailId = ${id}) does not exist`);
    return { item, index };
  }
}
