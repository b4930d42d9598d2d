/** Replays of rules: the list, one with its result, and the rules that ship. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Api } from "./client";
import { unwrap } from "./problem";
import { keys } from "./queries";
import type { Backtest } from "./types";

const PAGE = 20;
/** How often a run is looked at while it moves; and the list while nothing in it does. */
const MOVING_MS = 1_000;
const RESTING_MS = 15_000;

const OPEN = { needs_candles: true, queued: true, running: true, done: false, failed: false, cancelled: false } satisfies Record<Backtest["status"], boolean>;

/** Whether the run may still come to something. */
export const isOpen = (run: Pick<Backtest, "status">): boolean => OPEN[run.status];

const first = null as string | null;

export const backtestsQuery = (api: Api) =>
  infiniteQueryOptions({
    queryKey: [...keys.backtests, "list"] as const,
    refetchOnMount: "always",
    queryFn: async ({ pageParam }) =>
      unwrap(await api.GET("/backtests", { params: { query: { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: first,
    getNextPageParam: (last) => last.next,
    refetchInterval: ({ state }) => (state.data?.pages.some(({ results }) => results.some(isOpen)) ? MOVING_MS : RESTING_MS),
  });

/** One run; read again until it has ended, and never after: a result does not change. */
export const backtestQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: [...keys.backtests, id] as const,
    staleTime: ({ state }) => (state.data && !isOpen(state.data) ? Infinity : 0),
    refetchInterval: ({ state }) => (state.data && isOpen(state.data) ? MOVING_MS : false),
    queryFn: async () => unwrap(await api.GET("/backtests/{id}", { params: { path: { id } } })),
  });

export const readyRulesQuery = (api: Api) =>
  queryOptions({ queryKey: keys.readyRules, staleTime: Infinity, queryFn: async () => unwrap(await api.GET("/rules/ready")) });
