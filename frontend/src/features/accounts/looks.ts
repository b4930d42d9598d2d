import type { Account } from "@/api/types";
import type { Pulse } from "@/shared/time";
import type { Tone } from "@/shared/ui/badge";

/** Total on purpose: a new state on the server does not compile until it has a look. */
export const HEALTH_TONE = {
  unknown: "muted",
  healthy: "good",
  degraded: "warn",
  unhealthy: "bad",
  halted: "bad",
} satisfies Record<Account["health_status"], Tone>;

export const TRADING_TONE = { active: "muted", reducing: "warn", halted: "bad" } satisfies Record<Account["trading_state"], Tone>;

export const PULSE_COLOUR = {
  fresh: "text-ink",
  late: "text-warn",
  silent: "text-bad",
  never: "text-faint",
} satisfies Record<Pulse, string>;

export type BotPhase = "running" | "starting" | "stopping" | "stopped";

/** What is wanted (`enabled`) beside what is. */
export function botPhase(account: Pick<Account, "enabled" | "bot">): BotPhase {
  const running = account.bot?.running ?? false;
  if (account.enabled) return running ? "running" : "starting";
  return running ? "stopping" : "stopped";
}

export const BOT_TONE = { running: "good", starting: "warn", stopping: "warn", stopped: "muted" } satisfies Record<BotPhase, Tone>;

export function mayOperate(role: Account["role"]): boolean {
  return role !== "view";
}
