"use client";

import dynamic from "next/dynamic";
import { useMemo } from "react";
import type { BacktestDetail } from "@/api/types";
import { useText } from "@/i18n/provider";
import { LookAheadAnswer } from "@/shared/look-ahead-answer";
import { Panel } from "@/shared/ui/panel";
import type { Result } from "../result";
import { Assumed } from "./assumed";
import { Events } from "./events";
import { Figures } from "./figures";
import { Heat } from "./heat";
import { MonteCarloPart } from "./monte-carlo";
import { Months } from "./months";
import { Trades } from "./trades";
import { Headline, Warnings } from "./warnings";
import { WalkForward } from "./walk-forward";

const Room = () => <div className="h-80 sm:h-96" />;
const EquityChart = dynamic(() => import("../charts/equity-chart").then((found) => found.EquityChart), { ssr: false, loading: Room });
const PriceChart = dynamic(() => import("../charts/price-chart").then((found) => found.PriceChart), { ssr: false, loading: Room });

function PriceOf({ symbol, result }: { symbol: string; result: Result }) {
  const { t } = useText();
  const fills = useMemo(() => result.fills.filter((fill) => fill.symbol === symbol), [result.fills, symbol]);
  const prices = result.prices?.[symbol];
  if (!prices || prices.time.length === 0) return null;
  return (
    <Panel title={`${symbol} · ${t.backtests.report.price}`}>
      <div className="p-2">
        <PriceChart symbol={symbol} prices={prices} fills={fills} />
      </div>
    </Panel>
  );
}

function Equity({ result }: { result: Result }) {
  const { t } = useText();
  if (!result.equity || result.equity.time.length === 0) return null;
  return (
    <Panel title={t.backtests.report.equity}>
      <div className="p-2">
        <EquityChart curve={result.equity} />
      </div>
    </Panel>
  );
}

function LookedAhead({ result }: { result: Result }) {
  const { t } = useText();
  if (!result.look_ahead) return null;
  return (
    <Panel title={t.backtests.report.lookAhead}>
      <div className="p-4">
        <LookAheadAnswer found={result.look_ahead} />
      </div>
    </Panel>
  );
}

/** The same as the report file: what speaks against the figures comes before them. */
export function Report({ run, result }: { run: BacktestDetail; result: Result }) {
  return (
    <div className="space-y-4" data-testid="report">
      <Warnings warnings={result.warnings} />
      <Headline result={result} />
      <Equity result={result} />
      {Object.keys(result.prices ?? {}).map((symbol) => (
        <PriceOf key={symbol} symbol={symbol} result={result} />
      ))}
      <Figures result={result} />
      <Months monthly={result.monthly} />
      <LookedAhead result={result} />
      {result.grid && <Heat grid={result.grid} />}
      {result.walk_forward && <WalkForward found={result.walk_forward} />}
      {result.monte_carlo && <MonteCarloPart found={result.monte_carlo} />}
      {result.statistics && <Trades trades={result.trades} there={result.counts.trades} />}
      <Events name="vetoes" events={result.vetoes} there={result.counts.vetoes} />
      <Events name="unfilled" events={result.unfilled} there={result.counts.unfilled} />
      <Assumed run={run} />
    </div>
  );
}
