import type { Entry } from "@/api/types";

/**
 * Where this browser stands in the journal, and what it heard lately. Sequence numbers follow the order of commits, so
 * whatever is at or below the cursor was heard before: a resumed stream repeats nothing on the screen.
 */
export class Cursor {
  private last: number | null;
  private kept: Entry[] = [];

  constructor(
    start: number | null = null,
    private readonly capacity = 1_000,
  ) {
    this.last = start;
  }

  /** From where to resume: the last entry heard. Null when nothing is known yet. */
  get position(): number | null {
    return this.last;
  }

  /** Those entries not heard before, in order. */
  take(entries: readonly Entry[]): Entry[] {
    const fresh: Entry[] = [];
    for (const entry of entries) {
      if (this.last !== null && entry.id <= this.last) continue;
      this.last = entry.id;
      fresh.push(entry);
    }
    this.kept = [...this.kept, ...fresh].slice(-this.capacity);
    return fresh;
  }

  /** Starts from a list that was just read, when nothing was heard yet. */
  startAt(position: number): void {
    this.last ??= position;
  }

  /**
   * What was heard after `mark`. A list takes some time to be read, and its answer may be older than what the stream said
   * meanwhile: these entries are laid over it.
   */
  after(mark: number | null): Entry[] {
    return this.kept.filter((entry) => mark === null || entry.id > mark);
  }
}
