"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useMemo } from "react";
import { backtestQuery, isOpen } from "@/api/backtests";
import { browserApi } from "@/api/client";
import type { BacktestDetail } from "@/api/types";
import { useText } from "@/i18n/provider";
import { whole } from "@/shared/figures";
import { useMe } from "@/shared/lists";
import { Loaded } from "@/shared/ui/loaded";
import { Stamp } from "@/shared/ui/stamp";
import { Actions } from "./actions";
import { newYorkDay } from "./charts/place";
import { Report } from "./report/report";
import { readResult, type Result } from "./result";
import { titleOf } from "./rule-text";
import { Status } from "./status";

const LINK = "inline-flex min-h-8 items-center rounded-md border border-line bg-panel px-2.5 text-[0.8125rem] font-medium hover:bg-raised";

function Files({ id }: { id: string }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  return (
    <>
      <a href={`/api/bff/backtests/${id}/report?language=${language}`} target="_blank" rel="noopener" data-testid="html-report" className={LINK}>
        {words.html}
      </a>
      <a href={`/api/bff/backtests/${id}`} download={`backtest-${id}.json`} data-testid="json-report" className={LINK}>
        {words.json}
      </a>
    </>
  );
}

function Head({ run, result }: { run: BacktestDetail; result: Result | null }) {
  const { language, t } = useText();
  const words = t.backtests;
  const router = useRouter();
  const me = useMe();
  const title = titleOf(run);
  const times = result?.equity?.time ?? [];
  const [first, last] = [times.at(0), times.at(-1)];
  const facts = [
    words.study[run.study],
    result?.symbols.join(", ") ?? "",
    first !== undefined && last !== undefined ? words.report.span(newYorkDay(first), newYorkDay(last)) : "",
    run.bars === null ? "" : words.bars(whole(run.bars, language)),
  ].filter((fact) => fact !== "");
  return (
    <header className="flex flex-wrap items-start gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-72 space-y-1">
        <Link href="/backtests" className="text-[0.8125rem] text-accent hover:underline">
          <span aria-hidden>← </span>
          {words.back}
        </Link>
        <h1 className="text-xl font-bold">{title}</h1>
        <p className="text-sm text-soft">{facts.join(" · ")}</p>
        <div role="status">
          <Status run={run} name={title} />
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        {result && <Files id={run.id} />}
        {me && me.role !== "viewer" && <Actions run={run} name={title} onDeleted={() => router.push("/backtests")} />}
        <span className="text-right text-xs">
          <Stamp at={run.created_at} />
        </span>
      </div>
    </header>
  );
}

function Body({ run, result }: { run: BacktestDetail; result: Result | null }) {
  const { t } = useText();
  if (isOpen(run) || run.result === null) return null;
  if (result) return <Report run={run} result={result} />;
  return (
    <div className="space-y-3">
      <p className="text-warn">{t.backtests.report.unreadable}</p>
      <Files id={run.id} />
    </div>
  );
}

function Run({ run }: { run: BacktestDetail }) {
  const result = useMemo(() => readResult(run.result), [run.result]);
  return (
    <div className="space-y-4">
      <Head run={run} result={run.result === null ? null : result} />
      <Body run={run} result={result} />
    </div>
  );
}

/** One run: how far it is, and then its report. */
export function RunPage({ id }: { id: string }) {
  return <Loaded result={useQuery(backtestQuery(browserApi, id))}>{(run) => <Run run={run} />}</Loaded>;
}
