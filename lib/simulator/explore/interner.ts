/** Gives each distinct value a small number, so that a state of the world is a few numbers. */
export class Interner<T extends object> {
  private readonly numbers = new Map<string, number>();
  private readonly values: T[] = [];

  /** @param keyOf @default - all values of one interner have the same fields in the same order, of numbers and texts */
  constructor(private readonly keyOf = (value: T) => Object.values(value).join(",")) {}

  /** The number of a value. */
  number(value: T): number {
    const key = this.keyOf(value);
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.values.push(value) - 1;
      this.numbers.set(key, number);
    }
    return number;
  }

  /** The value of a number. */
  value(number: number): T {
    return this.values[number] as T;
  }
}
