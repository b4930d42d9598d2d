"use client";

import { useState } from "react";
import type { Entry } from "@/api/types";
import { useText } from "@/i18n/provider";
import { AccountName } from "@/shared/account-name";
import { useArrival } from "@/shared/arrival";
import { cx } from "@/shared/cx";
import { useJournal } from "@/shared/lists";
import { useNow } from "@/shared/now";
import { moment, NEW_YORK, SEOUL, wallClock } from "@/shared/time";
import { Badge } from "@/shared/ui/badge";
import { Loaded } from "@/shared/ui/loaded";
import { Nothing, Panel } from "@/shared/ui/panel";
import { Select } from "@/shared/ui/select";
import { isAtLeast, LEVEL_TONE, LEVELS } from "./looks";

function Line({ entry }: { entry: Entry }) {
  const { language, t } = useText();
  const now = useNow();
  const arriving = useArrival(entry.created_at);
  return (
    <li data-testid="log-line" data-seq={entry.id} data-level={entry.level} data-kind={entry.kind} className={cx("px-4 py-2", arriving)}>
      <p className="text-sm">{entry.message[language]}</p>
      <p className="mt-0.5 flex flex-wrap items-center gap-x-3 text-xs text-faint">
        <time dateTime={entry.created_at} className="figures whitespace-nowrap">
          {moment(entry.created_at, SEOUL, now)} <span className="opacity-80">· NY {wallClock(entry.created_at, NEW_YORK)}</span>
        </time>
        {entry.level !== "info" && <Badge tone={LEVEL_TONE[entry.level]}>{t.journal.levels[entry.level]}</Badge>}
        {entry.account_id ? <AccountName id={entry.account_id} /> : <span>{t.journal.house}</span>}
      </p>
    </li>
  );
}

export function Journal() {
  const { t } = useText();
  const [floor, setFloor] = useState<Entry["level"]>("info");
  const choice = (
    <Select
      label={t.journal.level}
      value={floor}
      options={LEVELS.map((level) => ({ value: level, text: t.journal.atLeast[level] }))}
      onChange={(value) => setFloor(LEVELS.find((level) => level === value) ?? "info")}
    />
  );
  return (
    <Panel title={t.journal.title} aside={choice}>
      <Loaded result={useJournal()}>
        {({ results }) => {
          const lines = results.filter((entry) => isAtLeast(entry.level, floor));
          if (lines.length === 0) return <Nothing>{t.journal.empty}</Nothing>;
          return (
            <ol role="log" aria-live="off" aria-label={t.journal.title} tabIndex={0} className="relative max-h-[34rem] divide-y divide-line overflow-y-auto">
              {lines.map((entry) => (
                <Line key={entry.id} entry={entry} />
              ))}
            </ol>
          );
        }}
      </Loaded>
    </Panel>
  );
}
