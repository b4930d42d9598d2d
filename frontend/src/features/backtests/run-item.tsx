"use client";

import Link from "next/link";
import type { Backtest } from "@/api/types";
import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { percent, way, WAY_COLOUR, whole } from "@/shared/figures";
import { Stamp } from "@/shared/ui/stamp";
import { Actions } from "./actions";
import { rulesOf, titleOf, word } from "./rule-text";
import { Status } from "./status";

/** The return; or, when something speaks against believing it, that instead. */
function Outcome({ run }: { run: Backtest }) {
  const { language, t } = useText();
  const data = run.headline;
  if (!data) return null;
  if (data.note) {
    return (
      <p className={cx("max-w-md text-sm", data.warned ? "text-warn" : "text-soft")}>
        {data.warned && <span aria-hidden>⚠ </span>}
        {data.note[language]}
      </p>
    );
  }
  return <p className={cx("figures text-lg font-semibold", WAY_COLOUR[way(data.return_pct)])}>{data.return_pct === null ? t.backtests.noFigure : percent(data.return_pct, language, true)}</p>;
}

export function RunItem({ run, mayAct }: { run: Backtest; mayAct: boolean }) {
  const { language, t } = useText();
  const words = t.backtests;
  const [rule] = rulesOf(run);
  const title = titleOf(run);
  const facts = [
    words.study[run.study],
    [word(rule, "symbol"), word(rule, "timeframe")].filter(Boolean).join(" "),
    run.bars === null ? "" : words.bars(whole(run.bars, language)),
    run.seconds === null ? "" : words.took(run.seconds.toFixed(1)),
  ].filter((fact) => fact !== "");
  return (
    <li data-testid="backtest-row" data-backtest-id={run.id} data-status={run.status} className="space-y-2 p-4">
      <div className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h3 className="font-semibold">
            <Link href={`/backtests/${run.id}`} aria-label={words.open(title)} className="hover:underline">
              {title}
            </Link>
          </h3>
          <p className="text-xs text-faint">{facts.join(" · ")}</p>
        </div>
        <div className="text-right text-xs">
          <Stamp at={run.created_at} />
        </div>
      </div>
      <p className="line-clamp-2 text-[0.8125rem] text-soft">
        <code className="font-mono">{word(rule, "entry_condition")}</code>
        {word(rule, "exit_condition") !== "" && (
          <>
            <span aria-hidden> → </span>
            <code className="font-mono">{word(rule, "exit_condition")}</code>
          </>
        )}
      </p>
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2">
        <div className="space-y-1">
          <Status run={run} name={title} />
          <Outcome run={run} />
        </div>
        {mayAct && <Actions run={run} name={title} />}
      </div>
    </li>
  );
}
