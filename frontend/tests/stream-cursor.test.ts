import { describe, expect, it } from "vitest";
import { Cursor } from "@/live/cursor";
import { anEntry, ids } from "./entries";

const entries = (...numbers: number[]) => numbers.map((id) => anEntry(id));

describe("the cursor in the journal", () => {
  it("passes every entry on once and in order", () => {
    const cursor = new Cursor(10);
    expect(ids(cursor.take(entries(11, 12, 15)))).toEqual([11, 12, 15]);
  });

  it("drops what a resumed stream says again", () => {
    const cursor = new Cursor(10);
    cursor.take(entries(11, 12));
    expect(ids(cursor.take(entries(11, 12, 13)))).toEqual([13]);
  });

  it("drops a repeat within one batch", () => {
    expect(ids(new Cursor(0).take(entries(1, 1, 2, 2)))).toEqual([1, 2]);
  });

  it("resumes from the last entry heard, however the stream was cut into batches", () => {
    const all = Array.from({ length: 50 }, (_, index) => index + 1);
    for (const cut of [1, 7, 23, 49]) {
      const cursor = new Cursor(0);
      const before = cursor.take(entries(...all.slice(0, cut)));
      const from = cursor.position ?? 0;
      const after = cursor.take(entries(...all.filter((id) => id > from - 3))); // the server overlaps a little
      expect(ids([...before, ...after])).toEqual(all);
    }
  });

  it("starts at the first entry when the journal could not be read with the page", () => {
    const cursor = new Cursor(null);
    expect(cursor.position).toBeNull();
    expect(ids(cursor.take(entries(700)))).toEqual([700]);
    expect(cursor.position).toBe(700);
  });

  it("tells what was heard while a list was being read", () => {
    const cursor = new Cursor(10);
    cursor.take(entries(11));
    const mark = cursor.position;
    cursor.take(entries(12, 13));
    expect(ids(cursor.after(mark))).toEqual([12, 13]);
  });

  it("keeps a bounded memory", () => {
    const cursor = new Cursor(0, 3);
    cursor.take(entries(1, 2, 3, 4, 5));
    expect(ids(cursor.after(null))).toEqual([3, 4, 5]);
  });
});
