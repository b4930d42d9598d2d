/** What one journal entry does to the lists on the screen. Pure: the same entries give the same lists, however often they come. */
import type { Account, Entry, Fill, Order, Page, Position } from "@/api/types";

type Items = { order: Order; fill: Fill; position: Position; account: Account };
export type ChangeKind = keyof Items;
export type Change = { [Kind in ChangeKind]: { kind: Kind; item: Items[Kind] } }[ChangeKind];

/** What a row needs to be drawn. An entry that carries less is a reason to read the list again, never a row with holes. */
const NEEDED: { [Kind in ChangeKind]: readonly (keyof Items[Kind])[] } = {
  order: ["id", "account_id", "symbol", "side", "qty", "filled_qty", "status", "price", "avg_fill_price", "created_at", "updated_at"],
  fill: ["id", "account_id", "order_id", "symbol", "side", "qty", "price", "fee", "at"],
  position: ["id", "account_id", "symbol", "qty", "avg_price", "last_price", "market_value", "unrealized_pnl", "updated_at"],
  account: ["id", "nickname", "environment", "enabled", "trading_state", "health_status", "last_heartbeat", "bot", "pnl", "role"],
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function changes(entry: Entry): ChangeKind | null {
  return entry.kind === "log" ? null : entry.kind;
}

/** The whole object that the entry carries, as `ctx` itself or under its kind's name; null when it is not all there. */
export function carried(entry: Entry): Change | null {
  const kind = changes(entry);
  if (kind === null || !isRecord(entry.ctx)) return null;
  const item = isRecord(entry.ctx[kind]) ? entry.ctx[kind] : entry.ctx;
  const whole = typeof item.id === "string" && NEEDED[kind].every((field) => item[field] !== undefined);
  return whole ? ({ kind, item } as unknown as Change) : null;
}

type Row = { readonly id: string; readonly created_at?: string; readonly at?: string };

const born = (row: Row): number => Date.parse(row.created_at ?? row.at ?? "");

/** Newest first, as the API lists; a row older than all of a page that goes on has its place on a later one. */
function inOrder<Item extends Row>({ results, next }: Page<Item>, item: Item): readonly Item[] {
  const before = results.findIndex((row) => !(born(row) > born(item)));
  if (before === -1 && results.length > 0) return next === null ? [...results, item] : results;
  return results.toSpliced(Math.max(before, 0), 0, item);
}

type Placing<Item> = { add: boolean; belongs: (item: Item) => boolean };
const everything = { add: true, belongs: () => true };

export function placed<Item extends Row, Of extends Page<Item>>(page: Of, item: Item, { add, belongs }: Placing<Item> = everything): Of {
  const at = page.results.findIndex((row) => row.id === item.id);
  const known = page.results[at];
  if (known === undefined) return add && belongs(item) ? { ...page, results: inOrder(page, item) } : page;
  const now = { ...known, ...item }; // later in the journal is later: no row's own clock is asked
  const results = belongs(now) ? page.results.with(at, now) : page.results.toSpliced(at, 1);
  return { ...page, results };
}

type Pages<Of> = { pages: Of[] };

/** The same over pages loaded one after another: changed where it is, else added to the first. */
export function placedInPages<Item extends Row, Data extends Pages<Page<Item>>>(
  data: Data,
  item: Item,
  belongs: (item: Item) => boolean = everything.belongs,
): Data {
  const holder = data.pages.findIndex((page) => page.results.some((row) => row.id === item.id));
  const target = Math.max(holder, 0);
  return { ...data, pages: data.pages.map((page, index) => (index === target ? placed(page, item, { add: true, belongs }) : page)) };
}

export const JOURNAL_KEPT = 300;

/** Newest first, each line once, the oldest let go. */
export function journaled<Of extends Page<Entry>>(page: Of, entry: Entry): Of {
  if (page.results.some((line) => line.id === entry.id)) return page;
  const after = page.results.findIndex((line) => line.id < entry.id);
  const results = page.results.toSpliced(after === -1 ? page.results.length : after, 0, entry);
  return { ...page, results: results.slice(0, JOURNAL_KEPT) };
}
