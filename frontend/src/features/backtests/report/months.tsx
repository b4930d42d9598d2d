"use client";

import { useText } from "@/i18n/provider";
import { cx } from "@/shared/cx";
import { plain, way, WAY_COLOUR } from "@/shared/figures";
import { Panel } from "@/shared/ui/panel";
import type { Result } from "../result";
import { yearsOf } from "../months";

const MONTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const CELL = "figures px-1.5 py-1.5 text-right whitespace-nowrap";

function Cell({ value, strong = false }: { value: number | null; strong?: boolean }) {
  const { language } = useText();
  if (value === null) return <td className={CELL} />;
  const sign = value > 0 ? "+" : "";
  return <td className={cx(CELL, WAY_COLOUR[way(value)], strong && "font-semibold")}>{sign + plain(value, language)}</td>;
}

export function Months({ monthly }: { monthly: Result["monthly"] }) {
  const { t } = useText();
  const words = t.backtests.report;
  if (monthly.length === 0) return null;
  return (
    <Panel title={`${words.months} (%)`}>
      <div className="overflow-x-auto px-4 py-2" tabIndex={0} role="region" aria-label={words.months}>
        <table className="w-full text-[0.8125rem]">
          <caption className="sr-only">{words.months}</caption>
          <thead className="text-xs text-faint">
            <tr>
              <th scope="col" className="sticky left-0 bg-panel px-1.5 py-1.5 text-left font-medium">
                <span className="sr-only">{words.year}</span>
              </th>
              {MONTHS.map((month) => (
                <th key={month} scope="col" className="px-1.5 text-right font-medium whitespace-nowrap">
                  {words.month(month)}
                </th>
              ))}
              <th scope="col" className="px-1.5 text-right font-medium whitespace-nowrap">
                {words.year}
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {yearsOf(monthly).map(({ year, months, whole }) => (
              <tr key={year}>
                <th scope="row" className="figures sticky left-0 bg-panel px-1.5 text-left font-medium whitespace-nowrap">
                  {year}
                </th>
                {months.map((value, index) => (
                  <Cell key={index} value={value} />
                ))}
                <Cell value={whole} strong />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
