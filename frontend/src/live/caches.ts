import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { belongsTo, keys, type OrderFilter } from "@/api/queries";
import type { Account, Entry, Fill, Order, Page, Position } from "@/api/types";
import { carried, changes, journaled, placed, placedInPages, type Change, type ChangeKind } from "./apply";

const LIST_OF: Record<ChangeKind, readonly string[]> = {
  order: keys.orders,
  fill: keys.fills,
  position: keys.positions,
  account: keys.accounts,
};

type Pages<Item> = InfiniteData<Page<Item>, string | null>;

function put(client: QueryClient, change: Change): void {
  switch (change.kind) {
    case "order":
      for (const [key] of client.getQueriesData<Pages<Order>>({ queryKey: keys.orders })) {
        const belongs = belongsTo(key[1] as OrderFilter | undefined);
        client.setQueryData<Pages<Order>>(key, (data) => data && placedInPages(data, change.item, belongs));
      }
      break;
    case "fill":
      client.setQueryData<Pages<Fill>>(keys.fills, (data) => data && placedInPages(data, change.item));
      break;
    case "position":
      client.setQueryData<Page<Position>>(keys.positions, (page) => page && placed(page, change.item));
      break;
    case "account":
      client.setQueryData<Page<Account>>(keys.accounts, (page) => page && placed(page, change.item));
      break;
  }
}

/** Lays the entries over every list that is kept; answers which lists must be read again to be right. */
export function lay(client: QueryClient, entries: readonly Entry[]): Set<readonly string[]> {
  const stale = new Set<readonly string[]>();
  for (const entry of entries) {
    client.setQueryData<Page<Entry>>(keys.journal, (page) => page && journaled(page, entry));
    const kind = changes(entry);
    if (kind === null) continue;
    const change = carried(entry);
    if (change) put(client, change);
    else stale.add(LIST_OF[kind]);
    if (kind === "account") stale.add(keys.house); // halts are said with the accounts
    if (kind === "fill") stale.add(keys.accounts); // a fill moves the account's profit and loss
  }
  return stale;
}
