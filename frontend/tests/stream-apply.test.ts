import { describe, expect, it } from "vitest";
import { carried, journaled, JOURNAL_KEPT, placed, placedInPages } from "@/live/apply";
import type { Order } from "@/api/types";
import { anEntry, anOrder, AT, ids, orderEntry } from "./entries";

const LATER = "2026-11-22T14:31:06.000001Z";
const page = <Item>(...results: Item[]) => ({ results, next: null });

describe("what an entry carries", () => {
  it("is the changed object itself", () => {
    expect(carried(orderEntry(1, anOrder()))).toEqual({ kind: "order", item: anOrder() });
  });

  it("may also stand under its kind's name", () => {
    expect(carried(anEntry(1, { kind: "order", ctx: { order: { ...anOrder() } } }))?.item).toEqual(anOrder());
  });

  it("is nothing for a line of the log", () => {
    expect(carried(anEntry(1, { ctx: { ...anOrder() } }))).toBeNull();
  });

  it("is nothing when the object is not whole, so that no row has holes", () => {
    expect(carried(anEntry(1, { kind: "order", ctx: { ...anOrder(), filled_qty: undefined } }))).toBeNull();
    expect(carried(anEntry(1, { kind: "account", ctx: { crashes: 2 } }))).toBeNull();
  });

  it("takes null for a value: unknown is not missing", () => {
    expect(carried(orderEntry(1, anOrder({ avg_fill_price: null })))).not.toBeNull();
  });
});

describe("a list", () => {
  it("shows a new row first", () => {
    expect(ids(placed(page(anOrder({ id: "old" })), anOrder({ id: "new" })).results)).toEqual(["new", "old"]);
  });

  it("puts a row that was not loaded where the API would list it", () => {
    const [first, second, third] = [4, 3, 2].map((n) => anOrder({ id: `${n}`, created_at: `2026-11-22T14:0${n}:00Z` })) as [Order, Order, Order];
    expect(ids(placed(page(first, third), second).results)).toEqual(["4", "3", "2"]);
    expect(ids(placed(page(first, second), third).results)).toEqual(["4", "3", "2"]);
    expect(ids(placed({ results: [first, second], next: "more" }, third).results)).toEqual(["4", "3"]);
  });

  it("changes a known row where it stands", () => {
    const list = page(anOrder({ id: "a" }), anOrder({ id: "b" }));
    const after = placed(list, anOrder({ id: "b", status: "filled", updated_at: LATER }));
    expect(after.results.map(({ id, status }) => [id, status])).toEqual([["a", "working"], ["b", "filled"]]);
  });

  it("believes the journal's order, not the clocks of the rows", () => {
    const list = page(anOrder({ status: "working", updated_at: LATER })); // booked by a process whose clock is ahead
    expect(placed(list, anOrder({ status: "filled", updated_at: AT })).results[0]?.status).toBe("filled");
  });

  it("is the same however often an entry is laid over it", () => {
    const once = placed(page(anOrder({ id: "x" })), anOrder({ id: "y" }));
    expect(placed(once, anOrder({ id: "y" }))).toEqual(once);
  });

  it("leaves out what the filter does not ask for, and lets go of what no longer belongs", () => {
    const working = { add: true, belongs: ({ status }: { status: string }) => status === "working" };
    expect(placed(page<Order>(), anOrder({ status: "filled" }), working).results).toEqual([]);
    expect(placed(page(anOrder()), anOrder({ status: "filled", updated_at: LATER }), working).results).toEqual([]);
  });

  it("finds a row on a later page and does not add it to the first again", () => {
    const data = { pages: [page(anOrder({ id: "a" })), page(anOrder({ id: "b" }))], pageParams: [null, "c"] };
    const after = placedInPages(data, anOrder({ id: "b", status: "filled", updated_at: LATER }));
    expect(after.pages.map(({ results }) => ids(results))).toEqual([["a"], ["b"]]);
    expect(after.pages[1]?.results[0]?.status).toBe("filled");
  });
});

describe("the journal", () => {
  it("shows the newest line first, also when lines come out of turn", () => {
    const lines = [3, 1, 2].reduce((list, id) => journaled(list, anEntry(id)), page(anEntry(0)));
    expect(ids(lines.results)).toEqual([3, 2, 1, 0]);
  });

  it("shows a line once", () => {
    expect(ids(journaled(page(anEntry(5)), anEntry(5)).results)).toEqual([5]);
  });

  it("lets the oldest lines go", () => {
    const numbers = Array.from({ length: JOURNAL_KEPT + 20 }, (_, index) => index);
    const lines = numbers.reduce((list, id) => journaled(list, anEntry(id)), page<ReturnType<typeof anEntry>>());
    expect(lines.results).toHaveLength(JOURNAL_KEPT);
    expect(lines.results[0]?.id).toBe(JOURNAL_KEPT + 19);
  });
});
