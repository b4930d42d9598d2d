import type { QueryClient } from "@tanstack/react-query";
import { keys } from "@/api/queries";
import type { Entry } from "@/api/types";
import { lay } from "./caches";
import { keepLine, type Source } from "./line";
import { share } from "./share";
import type { LiveState } from "./state";
import type { LiveStore } from "./store";

/** Bursts are drawn together. */
const BATCH_MS = 40;
/** A list that must be read again is read at most this often. */
const REREAD_MS = 1_000;
const LISTS = [keys.accounts, keys.orders, keys.fills, keys.positions, keys.rules, keys.journal, keys.house];

type Told = { entries: Entry[] } | { state: LiveState };

/** Joins the browser's one stream and keeps the caches true to it. Answers how to leave. */
export function follow(client: QueryClient, store: LiveStore, name: string): () => void {
  let heard: Entry[] = [];
  let drawing: ReturnType<typeof setTimeout> | undefined;
  let rereading: ReturnType<typeof setTimeout> | undefined;
  const stale = new Set<readonly string[]>();
  let attached = false;

  const reread = () => {
    rereading = undefined;
    for (const queryKey of stale) void client.invalidateQueries({ queryKey: [...queryKey] });
    stale.clear();
  };

  const draw = () => {
    drawing = undefined;
    const entries = heard;
    heard = [];
    lay(client, entries).forEach((key) => stale.add(key));
    if (stale.size > 0) rereading ??= setTimeout(reread, REREAD_MS);
  };

  const hear = (entries: Entry[]) => {
    heard.push(...store.cursor.take(entries));
    if (heard.length > 0) drawing ??= setTimeout(draw, BATCH_MS);
  };

  const readAll = () => Promise.all(LISTS.map((queryKey) => client.invalidateQueries({ queryKey: [...queryKey] })));

  const lead = () => {
    const say = (change: Parameters<LiveStore["happen"]>[0]) => {
      store.happen(change);
      shared?.tell({ state: store.get() });
    };
    const line = keepLine({
      open: (url) => new EventSource(url) as unknown as Source,
      url: "/api/stream",
      position: () => store.cursor.position,
      onMessage: (data) => {
        const entries = [JSON.parse(data) as Entry];
        hear(entries);
        shared?.tell({ entries });
      },
      onOpen: () => {
        say({ type: "opened" });
        void readAll().then(() => say({ type: "caught_up" }));
      },
      onDrop: () => {
        if (store.get().phase !== "offline") void client.invalidateQueries({ queryKey: [...keys.accounts] }); // tells a lost session from a lost server
        say({ type: "dropped", at: Date.now() });
      },
    });
    const wake = () => line.retryNow();
    window.addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
    return () => {
      window.removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
      line.close();
    };
  };

  const told = (message: Told) => {
    if ("entries" in message) return hear(message.entries);
    store.put(message.state);
    if (attached) return;
    attached = true; // what was said before this tab listened is read from the lists
    void readAll();
  };

  const shared: ReturnType<typeof share<Told>> | undefined = share<Told>({
    name,
    onLead: lead,
    onTold: told,
    onJoin: () => shared?.tell({ state: store.get() }),
  });

  return () => {
    clearTimeout(drawing);
    clearTimeout(rereading);
    shared.leave();
  };
}
