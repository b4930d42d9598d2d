"use client";

/** The lists of the API as this tab keeps them: loaded through our own server, and laid over with what the stream says. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { browserApi } from "@/api/client";
import { accountsQuery, fillsQuery, houseQuery, journalQuery, meQuery, ordersQuery, positionsQuery, rulesQuery, type OrderFilter } from "@/api/queries";
import type { Page } from "@/api/types";
import { useHeard } from "@/live/provider";

export const useMe = () => useQuery(meQuery(browserApi)).data;
export const useAccounts = () => useQuery(accountsQuery(browserApi, useHeard()));
export const usePositions = () => useQuery(positionsQuery(browserApi, useHeard()));
export const useJournal = () => useQuery(journalQuery(browserApi, useHeard()));
export const useHouse = () => useQuery(houseQuery(browserApi));
export const useRules = () => useQuery(rulesQuery(browserApi));
export const useFills = () => useInfiniteQuery(fillsQuery(browserApi, useHeard()));
export const useOrders = (filter?: OrderFilter) =>
  useInfiniteQuery({ ...ordersQuery(browserApi, filter, useHeard()), placeholderData: keepPreviousData });

/** All rows of the pages read so far, each once: while pages shift under new rows, the API may send one twice. */
export function rowsOf<Item extends { readonly id: string }>(data: { pages: Page<Item>[] }): Item[] {
  const rows = new Map<string, Item>();
  for (const row of data.pages.flatMap((page) => page.results)) if (!rows.has(row.id)) rows.set(row.id, row);
  return [...rows.values()];
}
