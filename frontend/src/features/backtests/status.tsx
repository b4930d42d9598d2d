"use client";

import { isOpen } from "@/api/backtests";
import type { Backtest } from "@/api/types";
import { useText } from "@/i18n/provider";
import { Badge } from "@/shared/ui/badge";
import { STATUS_TONE } from "./looks";

/** Where a run stands; how far it is while it moves; and why it did not come to an end. */
export function Status({ run, name }: { run: Backtest; name: string }) {
  const { language, t } = useText();
  const words = t.backtests;
  const percent = `${Math.round(run.progress * 100)}%`;
  return (
    <div className="space-y-1.5">
      <Badge tone={STATUS_TONE[run.status]} pulse={run.status === "running"}>
        {words.status[run.status]}
      </Badge>
      {run.status === "running" && (
        <div className="flex items-center gap-2">
          <progress value={run.progress} max={1} aria-label={`${name}: ${words.progress(percent)}`} className="h-1.5 w-40 max-w-full accent-(--accent)" />
          <span aria-hidden className="figures text-xs text-faint">
            {percent}
          </span>
        </div>
      )}
      {run.problem && <p className={isOpen(run) ? "text-sm text-soft" : "text-sm text-bad"}>{run.problem[language]}</p>}
      {run.status === "needs_candles" && !run.problem && <p className="text-sm text-soft">{words.waitsForBot}</p>}
    </div>
  );
}
