import { Numbers } from "./states.js";

/** A map from pairs of small numbers to numbers, without an object an entry. */
export class Pairs {
  private size = 0;
  private readonly left: Numbers;
  private readonly right: Numbers;
  private readonly found: Numbers;
  private slots = new Int32Array(1 << 12).fill(-1);

  constructor() {
    [this.left, this.right, this.found] = [new Numbers(), new Numbers(), new Numbers()];
  }

  /** What a pair leads to, or -1. */
  get(left: number, right: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash(left, right) & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] as number;
      if (entry < 0) return -1;
      if (this.left.at(entry) === left && this.right.at(entry) === right) return this.found.at(entry);
    }
  }

  /** Adds a pair that is not there yet. @returns `value` */
  set(left: number, right: number, value: number): number {
    if (this.size * 2 >= this.slots.length) this.grow();
    this.left.push(left);
    this.right.push(right);
    this.found.push(value);
    this.place(this.size++);
    return value;
  }

  private place(entry: number): void {
    const mask = this.slots.length - 1;
    let slot = hash(this.left.at(entry), this.right.at(entry)) & mask;
    while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = entry;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    for (let entry = 0; entry < this.size; entry++) this.place(entry);
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
