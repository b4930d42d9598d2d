"use client";

import { useText } from "@/i18n/provider";
import { useNow } from "@/shared/now";
import { NEW_YORK, SEOUL, wallClock } from "@/shared/time";

export function Clocks() {
  const { t } = useText();
  const now = useNow();
  const cities = [
    [t.clock.seoul, SEOUL],
    [t.clock.newYork, NEW_YORK],
  ] as const;
  return (
    <dl className="flex items-center gap-x-4 text-[0.8125rem]">
      {cities.map(([name, zone]) => (
        <div key={zone} className="flex items-center gap-1.5 whitespace-nowrap">
          <dt className="text-faint">{name}</dt>
          <dd className="figures text-soft">{wallClock(now, zone)}</dd>
        </div>
      ))}
    </dl>
  );
}
