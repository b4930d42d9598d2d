"use client";

import { CandlestickSeries, createSeriesMarkers, type SeriesMarker, type UTCTimestamp } from "lightweight-charts";
import { useCallback } from "react";
import { useText } from "@/i18n/provider";
import { whole } from "@/shared/figures";
import type { Fill, Prices } from "../result";
import { at, Chart, type Draw } from "./chart";
import type { Colours } from "./colours";
import { isDaily, stretchOf } from "./place";

const MOST_LABELS = 60; // beyond it the arrows alone are legible

function marked(fills: Fill[], times: number[], colours: Colours): SeriesMarker<UTCTimestamp>[] {
  const labelled = fills.length <= MOST_LABELS;
  return fills.map(({ at: moment, side, quantity }) => ({
    time: at(stretchOf(times, moment)),
    position: side === "buy" ? "belowBar" : "aboveBar",
    shape: side === "buy" ? "arrowUp" : "arrowDown",
    color: side === "buy" ? colours.up : colours.down,
    text: labelled ? String(quantity) : undefined,
  }));
}

/** The price in candles, with an arrow where the rule bought and sold. */
export function PriceChart({ symbol, prices, fills }: { symbol: string; prices: Prices; fills: Fill[] }) {
  const { language, t } = useText();
  const draw = useCallback<Draw>(
    (chart, colours) => {
      const { up, down } = colours;
      const candles = chart.addSeries(CandlestickSeries, { upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false, priceLineVisible: false });
      candles.setData(
        prices.time.map((time, k) => ({ time: at(time), open: prices.open[k] ?? 0, high: prices.high[k] ?? 0, low: prices.low[k] ?? 0, close: prices.close[k] ?? 0 })),
      );
      createSeriesMarkers(candles, marked(fills, prices.time, colours));
    },
    [prices, fills],
  );
  const buys = fills.filter(({ side }) => side === "buy").length;
  const said = t.backtests.report.priceSaid(symbol, whole(buys, language), whole(fills.length - buys, language));
  return <Chart said={said} daily={isDaily(prices.time)} draw={draw} className="h-80 sm:h-[26rem]" />;
}
