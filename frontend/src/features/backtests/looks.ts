import type { Backtest } from "@/api/types";
import type { Tone } from "@/shared/ui/badge";

/** Total on purpose: a new state on the server does not compile until it has a look. */
export const STATUS_TONE = {
  needs_candles: "warn",
  queued: "muted",
  running: "info",
  done: "good",
  failed: "bad",
  cancelled: "muted",
} satisfies Record<Backtest["status"], Tone>;
