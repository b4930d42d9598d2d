import type { Backtest } from "@/api/types";

export type RanRule = { fields: Record<string, unknown>; version: number; saved: boolean };

/** The rules of a run as they were when it was asked for. */
export function rulesOf(run: Pick<Backtest, "rules">): RanRule[] {
  return run.rules.map(({ fields, version, rule_id }) => ({
    fields: typeof fields === "object" && fields !== null ? (fields as Record<string, unknown>) : {},
    version: typeof version === "number" ? version : 1,
    saved: typeof rule_id === "string",
  }));
}

export function word(rule: RanRule | undefined, name: string): string {
  const value = rule?.fields[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What a run is called: its own name, else its rule's, else the symbol. */
export function titleOf(run: Pick<Backtest, "name" | "rules">): string {
  const [rule] = rulesOf(run);
  return run.name || word(rule, "name") || word(rule, "symbol") || "—";
}

/** Lines of `name: value`, without what is empty. */
export function linesOf(fields: Record<string, unknown>): string {
  const shown = Object.entries(fields).filter(([, value]) => !isEmpty(value));
  return shown.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n");
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
