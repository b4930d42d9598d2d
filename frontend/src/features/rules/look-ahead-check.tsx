"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { backtestQuery, isOpen } from "@/api/backtests";
import { browserApi } from "@/api/client";
import { ApiError, unwrap } from "@/api/problem";
import type { BacktestAsked, BacktestDetail, Rule } from "@/api/types";
import { useText } from "@/i18n/provider";
import { lookAheadSchema } from "@/shared/look-ahead";
import { LookAheadAnswer } from "@/shared/look-ahead-answer";
import { Button } from "@/shared/ui/button";
import { Loaded } from "@/shared/ui/loaded";

type Source = NonNullable<BacktestAsked["source"]>;

function Answer({ run }: { run: BacktestDetail }) {
  const { language, t } = useText();
  const words = t.ruleChecks;
  const found = lookAheadSchema.safeParse(run.result?.look_ahead).data;
  if (found) {
    return (
      <div className="space-y-2">
        <LookAheadAnswer found={found} />
        <Link href={`/backtests/${run.id}`} className="text-xs text-accent hover:underline">
          {words.details}
        </Link>
      </div>
    );
  }
  if (run.problem && !isOpen(run)) return <p className="text-sm text-bad">{run.problem[language]}</p>;
  const waiting = run.status === "needs_candles" ? words.waiting : t.backtests.status[run.status];
  return (
    <p className="flex items-center gap-3 text-sm text-soft">
      {isOpen(run) && <progress value={run.progress || undefined} max={1} aria-label={waiting} className="h-1.5 w-32 accent-(--accent)" />}
      {waiting}
    </p>
  );
}

function Following({ id }: { id: string }) {
  return <Loaded result={useQuery(backtestQuery(browserApi, id))}>{(run) => <Answer run={run} />}</Loaded>;
}

const lacksCandles = (error: unknown) => error instanceof ApiError && error.problem.code === "no_candles";

/** Starts the study and shows its answer here; `attempt` makes each opening a study of its own. */
export function LookAheadCheck({ rule, attempt }: { rule: Rule; attempt: number }) {
  const { t } = useText();
  const words = t.ruleChecks;
  const [source, setSource] = useState<Source>("stored");
  const started = useQuery({
    queryKey: ["look-ahead", rule.id, rule.version, source, attempt],
    staleTime: Infinity,
    retry: false,
    refetchOnReconnect: false, // it starts something, and is asked once
    refetchOnWindowFocus: false,
    queryFn: async () => unwrap(await browserApi.POST("/backtests", { body: { rules: [{ rule_id: rule.id }], study: "look_ahead", source } })),
  });
  return (
    <section aria-label={words.check} aria-live="polite" data-testid="look-ahead-check" className="space-y-3">
      <Loaded result={started}>{(run) => <Following id={run.id} />}</Loaded>
      {lacksCandles(started.error) && source === "stored" && (
        <Button small onClick={() => setSource("broker")}>
          {words.fromBroker}
        </Button>
      )}
    </section>
  );
}
