"use client";

import { useText } from "@/i18n/provider";
import { useNow } from "@/shared/now";
import { moment, NEW_YORK, SEOUL, wallClock } from "@/shared/time";

/** A moment in both cities: Seoul, where it is read, and New York, where it happened. */
export function Stamp({ at }: { at: string | null }) {
  const { t } = useText();
  const now = useNow();
  if (at === null) return <>{t.common.none}</>;
  const newYork = wallClock(at, NEW_YORK);
  return (
    <time dateTime={at} title={`${t.clock.seoul} ${moment(at, SEOUL, 0)} · ${t.clock.newYork} ${moment(at, NEW_YORK, 0)}`} className="figures block whitespace-nowrap">
      <span className="block">{moment(at, SEOUL, now)}</span>
      <span className="block text-xs text-faint">
        <span className="sr-only">{t.clock.newYork} </span>NY {newYork}
      </span>
    </time>
  );
}
