/**
 * One description of each list: its key, and how to load it. The server loads with it before the page is sent,
 * the browser afterwards, and the live stream changes what is kept under the same keys.
 */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "./client";
import { unwrap } from "./problem";
import { carried, journaled, placed } from "@/live/apply";
import type { Entry, Order } from "./types";

export const JOURNAL_LINES = 200;
const PAGE = 50;
/** Heartbeats and prices move without a journal event, so these are also read again. */
const LOOK_AGAIN_MS = 5_000;

export type OrderFilter = { account_id?: string; status?: Order["status"] };

export const keys = {
  me: ["me"],
  accounts: ["accounts"],
  rules: ["rules"],
  orders: ["orders"],
  fills: ["fills"],
  positions: ["positions"],
  journal: ["journal"],
  house: ["house"],
  backtests: ["backtests"],
  readyRules: ["ready-rules"],
} as const;

const first: string | null = null;
const onward = (last: { next: string | null }) => last.next;
const at = (cursor: string | null) => (cursor ? { cursor } : {});

/** What the stream said while a list was being read (see `Cursor.after`). The server has no stream and says nothing. */
export type Heard = { position: number | null; after: (mark: number | null) => readonly Entry[] };
const NOTHING_HEARD: Heard = { position: null, after: () => [] };

async function overlaid<Data>(heard: Heard, read: () => Promise<Data>, lay: (data: Data, entry: Entry) => Data): Promise<Data> {
  const mark = heard.position;
  const data = await read();
  return heard.after(mark).reduce(lay, data);
}

/** Whether an order is in the list that this filter asks for. */
export const belongsTo =
  (filter: OrderFilter = {}) =>
  (order: Order): boolean =>
    (filter.account_id === undefined || filter.account_id === order.account_id) &&
    (filter.status === undefined || filter.status === order.status);

const refetchOnMount = "always" as const; // what the server put into the page may be older than the stream

export const meQuery = (api: Api) =>
  queryOptions({ queryKey: keys.me, staleTime: Infinity, queryFn: async () => unwrap(await api.GET("/me")) });

export const accountsQuery = (api: Api, heard = NOTHING_HEARD) =>
  queryOptions({
    queryKey: keys.accounts,
    refetchOnMount,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: () =>
      overlaid(
        heard,
        async () => unwrap(await api.GET("/accounts", { params: { query: { limit: 100 } } })),
        (page, entry) => {
          const change = carried(entry);
          return change?.kind === "account" ? placed(page, change.item) : page;
        },
      ),
  });

export const positionsQuery = (api: Api, heard = NOTHING_HEARD) =>
  queryOptions({
    queryKey: keys.positions,
    refetchOnMount,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: () =>
      overlaid(
        heard,
        async () => unwrap(await api.GET("/positions", { params: { query: { limit: 200 } } })),
        (page, entry) => {
          const change = carried(entry);
          return change?.kind === "position" ? placed(page, change.item) : page;
        },
      ),
  });

export const rulesQuery = (api: Api) =>
  queryOptions({
    queryKey: keys.rules,
    refetchOnMount,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async () => unwrap(await api.GET("/rules", { params: { query: { limit: 100 } } })),
  });

/** Whether everything is halted. */
export const houseQuery = (api: Api) =>
  queryOptions({ queryKey: keys.house, refetchOnMount, refetchInterval: LOOK_AGAIN_MS, queryFn: async () => unwrap(await api.GET("/bots:halt")) });

/** The journal's address also answers with a stream, which is text to the schema; a list is never that. */
function json<Data>(answer: Data | string): Data {
  if (typeof answer === "string") throw new TypeError("expected a JSON page of the journal");
  return answer;
}

/** The newest lines of the journal, newest first. */
export const journalQuery = (api: Api, heard = NOTHING_HEARD) =>
  queryOptions({
    queryKey: keys.journal,
    refetchOnMount,
    queryFn: () =>
      overlaid(heard, async () => json(unwrap(await api.GET("/logs", { params: { query: { limit: JOURNAL_LINES } } }))), journaled),
  });

export const ordersQuery = (api: Api, filter: OrderFilter = {}, heard = NOTHING_HEARD) =>
  infiniteQueryOptions({
    queryKey: [...keys.orders, filter] as const,
    refetchOnMount,
    initialPageParam: first,
    getNextPageParam: onward,
    queryFn: ({ pageParam }) =>
      overlaid(
        heard,
        async () => unwrap(await api.GET("/orders", { params: { query: { limit: PAGE, ...filter, ...at(pageParam) } } })),
        (page, entry) => {
          const change = carried(entry);
          const placing = { add: pageParam === null, belongs: belongsTo(filter) };
          return change?.kind === "order" ? placed(page, change.item, placing) : page;
        },
      ),
  });

export const fillsQuery = (api: Api, heard = NOTHING_HEARD) =>
  infiniteQueryOptions({
    queryKey: keys.fills,
    refetchOnMount,
    initialPageParam: first,
    getNextPageParam: onward,
    queryFn: ({ pageParam }) =>
      overlaid(
        heard,
        async () => unwrap(await api.GET("/executions", { params: { query: { limit: PAGE, ...at(pageParam) } } })),
        (page, entry) => {
          const change = carried(entry);
          const placing = { add: pageParam === null, belongs: () => true };
          return change?.kind === "fill" ? placed(page, change.item, placing) : page;
        },
      ),
  });
