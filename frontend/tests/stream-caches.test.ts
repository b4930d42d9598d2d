import { QueryClient } from "@tanstack/react-query";
import { describe, expect, it } from "vitest";
import type { Api } from "@/api/client";
import { keys, ordersQuery } from "@/api/queries";
import type { Order, Page } from "@/api/types";
import { lay } from "@/live/caches";
import { Cursor } from "@/live/cursor";
import { anEntry, anOrder, ids, orderEntry } from "./entries";

type Kept = { pages: Page<Order>[] };
const pages = (...results: Order[]) => ({ pages: [{ results, next: null }], pageParams: [null] });
const shown = (client: QueryClient, filter = {}) => ids(client.getQueryData<Kept>([...keys.orders, filter])?.pages[0]?.results ?? []);

describe("the stream and the lists on the screen", () => {
  it("adds an order to every list that asks for it, and to no other", () => {
    const client = new QueryClient();
    client.setQueryData([...keys.orders, {}], pages());
    client.setQueryData([...keys.orders, { account_id: "other" }], pages());
    const stale = lay(client, [orderEntry(1, anOrder())]);
    expect(shown(client)).toEqual(["o1"]);
    expect(shown(client, { account_id: "other" })).toEqual([]);
    expect(stale.size).toBe(0);
  });

  it("asks for a list again when an entry does not carry its whole object", () => {
    const stale = lay(new QueryClient(), [anEntry(1, { kind: "account", ctx: { crashes: 1 } })]);
    expect([...stale]).toEqual([keys.accounts, keys.house]);
  });

  it("does not invent a list that was never read", () => {
    const client = new QueryClient();
    lay(client, [orderEntry(1, anOrder())]);
    expect(client.getQueryData([...keys.orders, {}])).toBeUndefined();
  });

  it("lays over an answer what was heard while it was on its way", async () => {
    const client = new QueryClient();
    const heard = new Cursor(0);
    const slow = {
      GET: async () => {
        heard.take([orderEntry(1, anOrder({ id: "meanwhile" }))]); // the stream is faster than the answer
        return { data: { results: [anOrder({ id: "old" })], next: null }, response: new Response() };
      },
    } as unknown as Api;
    await client.fetchInfiniteQuery(ordersQuery(slow, {}, heard));
    expect(shown(client)).toEqual(["meanwhile", "old"]);
  });

  it("fails loudly: an answer that is not good is an error, never an empty list", async () => {
    const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
    const broken = { GET: async () => ({ error: {}, response: new Response(null, { status: 503 }) }) } as unknown as Api;
    await expect(client.fetchInfiniteQuery(ordersQuery(broken))).rejects.toMatchObject({ status: 503 });
    expect(client.getQueryData([...keys.orders, {}])).toBeUndefined();
  });
});
