import type { Entry, Order } from "@/api/types";

export const AT = "2026-11-22T14:31:05.123456Z";

export function anOrder(changes: Partial<Order> = {}): Order {
  return {
    id: "o1",
    account_id: "a1",
    rule_id: null,
    rule_version: null,
    symbol: "AAPL",
    exchange: "nasdaq",
    order_type: "limit",
    side: "buy",
    qty: 10,
    price: "187.3100",
    status: "working",
    filled_qty: 0,
    avg_fill_price: null,
    broker_order_id: "12",
    needs_person: false,
    reason: {},
    failure: null,
    created_at: AT,
    placed_at: AT,
    updated_at: AT,
    ...changes,
  } as Order;
}

export function anEntry(id: number, changes: Partial<Entry> = {}): Entry {
  return {
    id,
    account_id: "a1",
    rule_id: null,
    kind: "log",
    level: "info",
    message: { ko: `기록 ${id}`, en: `line ${id}` },
    ctx: {},
    created_at: AT,
    ...changes,
  } as Entry;
}

export const orderEntry = (id: number, order: Order) => anEntry(id, { kind: "order", ctx: { ...order } });

export const ids = (rows: readonly { id: string | number }[]) => rows.map(({ id }) => id);
