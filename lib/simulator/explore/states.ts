/** A growing array of 32-bit numbers. */
export class Numbers {
  length = 0;
  private data: Int32Array;

  constructor(room = 1024) {
    this.data = new Int32Array(room);
  }

  push(value: number): void {
    if (this.length === this.data.length) {
      const larger = new Int32Array(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    this.data[this.length++] = value;
  }

  at(index: number): number {
    return this.data[index] as number;
  }

  set(index: number, value: number): void {
    this.data[index] = value;
  }

  get bytes(): number {
    return this.data.byteLength;
  }
}

/** The states that were seen, each a row of numbers; nothing is lost by hashing, as rows are compared whole. */
export class States {
  count = 0;
  private readonly rows: Numbers;
  private slots: Int32Array;

  constructor(
    readonly width: number,
    room = 1 << 16,
  ) {
    this.rows = new Numbers(room * width);
    this.slots = new Int32Array(room * 2).fill(-1);
  }

  /** The number of a state that was seen before, or -1 less the one that it gets now. */
  add(row: ArrayLike<number>): number {
    if (this.count * 2 >= this.slots.length) this.grow();
    const mask = this.slots.length - 1;
    for (let slot = this.hash(row) & mask; ; slot = (slot + 1) & mask) {
      const number = this.slots[slot] as number;
      if (number < 0) {
        this.slots[slot] = this.count;
        for (let i = 0; i < this.width; i++) this.rows.push(row[i] as number);
        return -1 - this.count++;
      }
      if (this.equals(number, row)) return number;
    }
  }

  /** Reads a state into `row`. */
  read(number: number, row: Int32Array): void {
    const from = number * this.width;
    for (let i = 0; i < this.width; i++) row[i] = this.rows.at(from + i);
  }

  get bytes(): number {
    return this.rows.bytes + this.slots.byteLength;
  }

  private equals(number: number, row: ArrayLike<number>): boolean {
    const from = number * this.width;
    for (let i = 0; i < this.width; i++) if (this.rows.at(from + i) !== row[i]) return false;
    return true;
  }

  private hash(row: ArrayLike<number>): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < this.width; i++) {
      hash = Math.imul(hash ^ (row[i] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    const mask = this.slots.length - 1;
    const row = new Int32Array(this.width);
    for (let number = 0; number < this.count; number++) {
      this.read(number, row);
      let slot = this.hash(row) & mask;
      while ((this.slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      this.slots[slot] = number;
    }
  }
}
