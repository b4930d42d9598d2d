"use client";

import type { Text } from "@/api/problem";
import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { percent, way, WAY_COLOUR } from "@/shared/figures";
import type { Result } from "../result";

export function Warnings({ warnings }: { warnings: Text[] }) {
  const { language, t } = useText();
  if (warnings.length === 0) return null;
  return (
    <section data-testid="warnings" aria-labelledby="read-first" className="rounded-xl border-2 border-warn bg-panel p-4">
      <h2 id="read-first" className="font-semibold text-warn">
        <span aria-hidden>⚠ </span>
        {t.backtests.report.firstRead}
      </h2>
      <ul className="mt-2 list-disc space-y-1 pl-5 text-sm">
        {warnings.map((text, index) => (
          <li key={index}>{text[language]}</li>
        ))}
      </ul>
    </section>
  );
}

/** The return, large, only when nothing speaks against believing it. */
export function Headline({ result }: { result: Result }) {
  const { language, t } = useText();
  const figures = result.statistics;
  if (!figures || result.warnings.length > 0) return null;
  const value = figures.total_return_pct;
  return (
    <p data-testid="headline" className="flex flex-wrap items-baseline gap-x-4">
      <span className="text-sm text-faint">{t.backtests.report.headline}</span>
      <strong className={cx("figures text-4xl font-bold", WAY_COLOUR[way(value)])}>{percent(value, language, true)}</strong>
      <span className="text-sm text-soft">
        {t.backtests.report.held} <span className="figures">{percent(figures.buy_and_hold?.return_pct, language, true)}</span>
      </span>
    </p>
  );
}
