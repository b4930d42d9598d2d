"use client";

import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import type { Heard } from "@/api/queries";
import { follow } from "./follow";
import { STARTING, type LiveState } from "./state";
import { LiveStore } from "./store";

const LiveContext = createContext<LiveStore | null>(null);

type Props = { person: string; start: number | null; children: ReactNode };

/** `start`: the newest journal line the server put into this page; the stream goes on from there. */
export function LiveProvider({ person, start, children }: Props) {
  const client = useQueryClient();
  const [store] = useState(() => new LiveStore(start));
  useEffect(() => follow(client, store, `bamsae-stream-${person}`), [client, store, person]);
  return <LiveContext value={store}>{children}</LiveContext>;
}

function useStore(): LiveStore {
  const store = useContext(LiveContext);
  if (store === null) throw new Error("useHeard and useLive need a LiveProvider above them");
  return store;
}

export function useHeard(): Heard {
  return useStore().cursor;
}

export function useLive(): LiveState {
  const store = useStore();
  return useSyncExternalStore(store.subscribe, store.get, () => STARTING);
}
