/** One order with its whole life, and what is known of one whose outcome nobody knows. */
import { queryOptions } from "@tanstack/react-query";
import type { Api } from "./client";
import { unwrap } from "./problem";
import { keys } from "./queries";
import type { Order } from "./types";

const LOOK_AGAIN_MS = 3_000;

/** Orders of which the broker's list has not said yet what became of them. */
const DOUBTFUL = new Set<Order["status"]>(["submitting", "unknown", "not_seen"]);

/** Whether a person may have to look at the evidence. */
export const isDoubtful = (order: Pick<Order, "status" | "needs_person">): boolean => order.needs_person || DOUBTFUL.has(order.status);

export const orderQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: [...keys.orders, id] as const,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async () => unwrap(await api.GET("/orders/{id}", { params: { path: { id } } })),
  });

export const evidenceQuery = (api: Api, id: string) =>
  queryOptions({
    queryKey: [...keys.orders, id, "evidence"] as const,
    refetchInterval: LOOK_AGAIN_MS,
    queryFn: async () => unwrap(await api.GET("/orders/{id}/evidence", { params: { path: { id } } })),
  });
