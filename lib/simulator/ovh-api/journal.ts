import type { Clock } from "../clock.js";
import type { Random } from "../random.js";

/** One request that the API got and how it answered. No header is kept: they hold keys. */
export interface JournalEntry {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Status of the answer; 0 where none was sent. */
  readonly status: number;
  readonly queryId: string;
}

/** All requests, oldest first. */
export class Journal {
  readonly entries: JournalEntry[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** An id as OVH gives to every answer. */
  queryId(): string {
    return `EU.ext-1.${this.random.uuid().slice(0, 8)}.${Math.floor(this.clock.now() / 1000)}`;
  }

  add(entry: Omit<JournalEntry, "at">): void {
    this.entries.push({ at: this.clock.now(), ...entry });
  }

  /** Entries of one method whose path contains `path`. */
  matching(method: string, path: string): JournalEntry[] {
    return this.entries.filter((entry) => entry.method === method && entry.path.includes(path));
  }
}
