"use client";

/** A draft outlives a failed save, a lost line and a reload of the page; it is kept in this tab, for one person. */
import { useCallback, useSyncExternalStore } from "react";
import { EMPTY, type Draft } from "./draft";

const listeners = new Set<() => void>();
const known = new Map<string, { raw: string | null; draft: Draft }>();

const keyOf = (person: string, about: string) => `backtest ${person} ${about}`;

function stored(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** What was kept, laid over the defaults: a field that a newer page adds has its default. */
export function revived(raw: string | null, start: Draft): Draft {
  if (raw === null) return start;
  try {
    const found: unknown = JSON.parse(raw);
    return typeof found === "object" && found !== null ? { ...start, ...found } : start;
  } catch {
    return start;
  }
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => void listeners.delete(changed);
}

function put(key: string, draft: Draft | null, start: Draft): void {
  const raw = draft === null ? null : JSON.stringify(draft);
  known.set(key, { raw, draft: draft ?? start });
  try {
    if (raw === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, raw);
  } catch {
    // it lives as long as the page does
  }
  listeners.forEach((listener) => listener());
}

/** The draft about one rule (or none), and how to change or forget it. */
export function useDraft(person: string, ruleId: string) {
  const key = keyOf(person, ruleId);
  const start = ruleId ? startingWith(ruleId) : EMPTY;
  const snapshot = () => {
    const before = known.get(key);
    if (before) return before.draft;
    const raw = stored(key);
    const draft = revived(raw, start);
    known.set(key, { raw, draft });
    return draft;
  };
  const draft = useSyncExternalStore(subscribe, snapshot, () => start);
  const change = useCallback((changes: Partial<Draft>) => put(key, { ...(known.get(key)?.draft ?? start), ...changes }, start), [key, start]);
  const forget = useCallback(() => put(key, null, start), [key, start]);
  return { draft, change, forget };
}

const starts = new Map<string, Draft>();

function startingWith(ruleId: string): Draft {
  const start = starts.get(ruleId) ?? { ...EMPTY, from: "saved" as const, ruleId };
  starts.set(ruleId, start);
  return start;
}
