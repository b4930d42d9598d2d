"use client";

import { useMe } from "@/shared/lists";
import { BacktestForm } from "./form/form";

/** Viewers read; only those who may start a replay see the form. */
export function NewBacktest({ ruleId }: { ruleId: string }) {
  const me = useMe();
  return me && me.role !== "viewer" ? <BacktestForm key={ruleId} ruleId={ruleId} /> : null;
}
