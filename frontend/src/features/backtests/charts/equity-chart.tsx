"use client";

import { AreaSeries, LineSeries } from "lightweight-charts";
import { useCallback } from "react";
import { useText } from "@/i18n/provider";
import { dollars, percent } from "@/shared/figures";
import type { Curve } from "../result";
import { at, Chart, type Draw } from "./chart";
import { faded } from "./colours";
import { isDaily } from "./place";

const QUIET = { priceLineVisible: false, lastValueVisible: true } as const;

/** What the account was worth, and below it how far under its highest. */
export function EquityChart({ curve }: { curve: Curve }) {
  const { language, t } = useText();
  const words = t.backtests.report;
  const draw = useCallback<Draw>(
    (chart, colours) => {
      const points = (values: number[]) => curve.time.map((time, k) => ({ time: at(time), value: values[k] ?? 0 }));
      const equity = chart.addSeries(LineSeries, { ...QUIET, color: colours.accent, lineWidth: 2, title: words.equityLine });
      equity.setData(points(curve.value));
      const fall = { ...QUIET, lineColor: colours.bad, lineWidth: 1 as const, invertFilledArea: true };
      const drawdown = chart.addSeries(
        AreaSeries,
        { ...fall, topColor: faded(colours.bad, 0.35), bottomColor: faded(colours.bad, 0.1), title: words.drawdown, priceFormat: { type: "percent" } },
        1,
      );
      drawdown.setData(points(curve.drawdown_pct));
      chart.panes().forEach((pane, k) => pane.setStretchFactor(k === 0 ? 3 : 1));
    },
    [curve, words],
  );
  const said = words.equitySaid(dollars(curve.value.at(-1), language), percent(Math.min(0, ...curve.drawdown_pct), language));
  return <Chart said={said} daily={isDaily(curve.time)} draw={draw} className="h-80 sm:h-96" />;
}
