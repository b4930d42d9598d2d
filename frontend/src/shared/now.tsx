"use client";

import { createContext, useContext, useSyncExternalStore, type ReactNode } from "react";

/** The server's clock less this machine's, in milliseconds: ages are told by the server's. */
let skew = 0;
let current = 0;
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

const TRUSTED_MS = 2_000;

/** Learns from an answer's `Date` header (whole seconds); small differences are rounding and are left alone. */
export function learnServerTime(header: string | null, local: number): void {
  const server = header ? Date.parse(header) + 500 : Number.NaN;
  if (Number.isNaN(server)) return;
  skew = Math.abs(server - local) > TRUSTED_MS ? server - local : 0;
}

function tick(): void {
  current = Date.now() + skew;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    timer = setInterval(tick, 1_000);
    queueMicrotask(tick);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

const RenderedAt = createContext(0);

/** Carries the moment of the server's rendering, so that the first paint in the browser says the same. */
export function NowProvider({ renderedAt, children }: { renderedAt: number; children: ReactNode }) {
  return <RenderedAt value={renderedAt}>{children}</RenderedAt>;
}

/** Now, once a second, one timer for the whole page. */
export function useNow(): number {
  const renderedAt = useContext(RenderedAt);
  return useSyncExternalStore(
    subscribe,
    () => current || renderedAt,
    () => renderedAt,
  );
}
