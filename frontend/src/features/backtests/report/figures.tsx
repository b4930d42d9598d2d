"use client";

import type { Dictionary } from "@/i18n/dictionary";
import type { Language } from "@/i18n/languages";
import { useText } from "@/i18n/provider";
import { dollars, percent, plain, whole } from "@/shared/figures";
import { Panel } from "@/shared/ui/panel";
import type { Result } from "../result";

type Metric = keyof Dictionary["backtests"]["report"]["metric"];
type Format = (value: number | null | undefined, language: Language) => string;

/** How each is written; the order is that of the report file. */
export const FORMAT = {
  final_equity: dollars,
  total_return_pct: percent,
  cagr_pct: percent,
  volatility_pct: percent,
  max_drawdown_pct: percent,
  longest_drawdown_days: plain,
  sharpe: plain,
  sortino: plain,
  calmar: plain,
  trades: whole,
  open_trades: whole,
  win_rate_pct: percent,
  profit_factor: plain,
  expectancy: dollars,
  expectancy_pct: percent,
  average_win: dollars,
  average_loss: dollars,
  best_trade_pct: percent,
  worst_trade_pct: percent,
  average_bars_held: plain,
  longest_losing_streak: whole,
  exposure_pct: percent,
  turnover: plain,
  costs: dollars,
} satisfies Record<Metric, Format>;

const METRICS = Object.keys(FORMAT) as Metric[];

export const isMetric = (name: string): name is Metric => name in FORMAT;

const asNumber = (value: unknown): number | null => (typeof value === "number" ? value : null);

function Figure({ name, children }: { name: string; children: string }) {
  return (
    <div className="flex items-baseline justify-between gap-3 border-b border-line py-1.5 sm:block sm:border-0 sm:py-0">
      <dt className="text-xs text-faint">{name}</dt>
      <dd className="figures">{children}</dd>
    </div>
  );
}

export function Figures({ result }: { result: Result }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  const figures = result.statistics;
  if (!figures) return null;
  return (
    <Panel title={words.figures}>
      <dl className="grid gap-x-6 p-4 text-sm sm:grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] sm:gap-y-4">
        {METRICS.map((name) => (
          <Figure key={name} name={words.metric[name]}>
            {FORMAT[name](asNumber(figures[name]), language)}
          </Figure>
        ))}
        <Figure name={words.held}>{percent(figures.buy_and_hold?.return_pct, language)}</Figure>
        {figures.benchmark && <Figure name={result.benchmark ?? t.backtests.form.benchmark}>{percent(figures.benchmark.return_pct, language)}</Figure>}
      </dl>
      {result.convention && <p className="border-t border-line px-4 py-3 text-xs text-soft">{result.convention[language]}</p>}
    </Panel>
  );
}
