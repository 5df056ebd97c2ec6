/** Gives each distinct value a small number, so that a state of the world is a few numbers. */
export class Interner<T extends object> {
  private readonly numbers = new Map<string, number>();
  private readonly values: T[] = [];

  /** The number of a value; all values of one interner have the same fields in the same order. */
  number(value: T): number {
    const key = Object.values(value).join(",");
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
