"use client";

import type { BacktestDetail } from "@/api/types";
import { useText } from "@/i18n/provider";
import { Panel } from "@/shared/ui/panel";
import { linesOf, rulesOf } from "../rule-text";

const BLOCK = "overflow-x-auto rounded-lg bg-raised p-3 font-mono text-[0.8125rem] whitespace-pre-wrap";

/** The whole rule and every option: what the figures rest on. */
export function Assumed({ run }: { run: BacktestDetail }) {
  const { t } = useText();
  const words = t.backtests.report;
  return (
    <Panel title={words.assumed}>
      <div className="grid gap-4 p-4 lg:grid-cols-2">
        {rulesOf(run).map((rule, index) => (
          <figure key={index} className="min-w-0 space-y-1.5">
            <figcaption className="text-xs text-faint">
              {words.ruleText} · {rule.saved ? t.backtests.versionOf(rule.version) : t.backtests.unsaved}
            </figcaption>
            <pre className={BLOCK}>{linesOf(rule.fields)}</pre>
          </figure>
        ))}
        <figure className="min-w-0 space-y-1.5">
          <figcaption className="text-xs text-faint">{words.theOptions}</figcaption>
          <pre className={BLOCK}>{linesOf(run.options)}</pre>
        </figure>
      </div>
    </Panel>
  );
}
