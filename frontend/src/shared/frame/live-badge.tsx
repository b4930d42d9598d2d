"use client";

import { useText } from "@/i18n/provider";
import { useLive } from "@/live/provider";
import type { Phase } from "@/live/state";
import { SEOUL, wallClock } from "@/shared/time";
import { Badge, type Tone } from "@/shared/ui/badge";

const TONE = { connecting: "muted", catching_up: "warn", live: "good", offline: "bad" } satisfies Record<Phase, Tone>;

export function LiveBadge() {
  const { t } = useText();
  const { phase, offlineSince } = useLive();
  const words: Record<Phase, string> = {
    connecting: t.live.connecting,
    catching_up: t.live.catchingUp,
    live: t.live.live,
    offline: offlineSince === null ? t.live.offline : t.live.offlineSince(wallClock(offlineSince, SEOUL)),
  };
  return (
    <span role="status" aria-label={t.live.label} data-testid="live-state" data-live={phase} title={phase === "offline" ? t.live.offlineHelp : undefined} className="figures">
      <Badge tone={TONE[phase]} pulse={phase !== "live"}>
        {words[phase]}
      </Badge>
    </span>
  );
}
