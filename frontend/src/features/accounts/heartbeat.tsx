"use client";

import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { useNow } from "@/shared/now";
import { ago, pulse, secondsSince } from "@/shared/time";
import { PULSE_COLOUR } from "./looks";

/** Its age ticks. A bot that is meant to be off is not late. */
export function Heartbeat({ last, wanted }: { last: string | null; wanted: boolean }) {
  const { language, t } = useText();
  const now = useNow();
  const colour = wanted ? PULSE_COLOUR[pulse(last, now)] : "text-faint";
  return (
    <p className="truncate text-xs text-faint">
      {t.accounts.heartbeat}{" "}
      <span data-testid="heartbeat" className={cx("figures", colour)}>
        {last === null ? t.accounts.never : ago(secondsSince(last, now), language)}
      </span>
    </p>
  );
}
