"use client";

import { useText } from "@/i18n/provider";
import { plain } from "@/shared/figures";
import { Panel } from "@/shared/ui/panel";
import { heatOf } from "../heat";
import type { Grid } from "../result";
import { FORMAT, isMetric } from "./figures";

/** Each combination's figure, deeper the better; the number is in every cell. */
export function Heat({ grid }: { grid: Grid }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  const { heat, metric } = grid;
  const format = isMetric(metric) ? FORMAT[metric] : plain;
  const name = isMetric(metric) ? words.metric[metric] : metric;
  const best = Object.entries(grid.best.values).map(([key, value]) => `${key} = ${value}`);
  const figure = grid.best[metric];
  const rows = heatOf(heat.cells);
  return (
    <Panel title={words.grid}>
      <div className="space-y-3 p-4 text-sm" data-testid="heat">
        <p className="text-warn">{grid.warning[language]}</p>
        <p>{words.best(best.join(", "), format(typeof figure === "number" ? figure : null, language))}</p>
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={words.grid}>
          <table className="border-separate border-spacing-0.5">
            <caption className="pb-2 text-left text-xs text-faint">{name}</caption>
            <thead>
              <tr className="text-xs text-soft">
                <th scope="col" className="pr-2 text-left font-mono font-medium">
                  {heat.y ? `${heat.y} \\ ${heat.x}` : heat.x}
                </th>
                {heat.xs.map((x) => (
                  <th key={x} scope="col" className="figures px-2 font-medium">
                    {x}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((cells, k) => (
                <tr key={heat.ys[k]}>
                  <th scope="row" className="figures pr-2 text-left text-xs font-medium text-soft">
                    {heat.ys[k]}
                  </th>
                  {cells.map(({ value, share }, index) => (
                    <td
                      key={index}
                      className="figures rounded px-2.5 py-1.5 text-right whitespace-nowrap"
                      style={{ background: `color-mix(in oklab, var(--accent) ${Math.round(share * 45)}%, var(--raised))` }}
                    >
                      {format(value, language)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </Panel>
  );
}
