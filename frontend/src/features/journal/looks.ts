import type { Entry } from "@/api/types";
import type { Tone } from "@/shared/ui/badge";

export const LEVEL_TONE = { debug: "muted", info: "muted", warning: "warn", error: "bad" } satisfies Record<Entry["level"], Tone>;

/** From what says least to what says most. */
export const LEVELS = ["debug", "info", "warning", "error"] as const satisfies readonly Entry["level"][];

export function isAtLeast(level: Entry["level"], floor: Entry["level"]): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(floor);
}
