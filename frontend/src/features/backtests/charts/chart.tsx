"use client";

import { ColorType, createChart, type IChartApi, type UTCTimestamp } from "lightweight-charts";
import { useEffect, useRef } from "react";
import { cx } from "@/shared/cx";
import { readColours, useLook, type Colours } from "./colours";
import { newYorkTime, tickText } from "./place";

export type Draw = (chart: IChartApi, colours: Colours) => void;

export const at = (seconds: number): UTCTimestamp => seconds as UTCTimestamp;

function optionsOf(colours: Colours, daily: boolean) {
  return {
    autoSize: true,
    layout: {
      attributionLogo: true, // the library's licence asks for it
      background: { type: ColorType.Solid, color: colours.panel },
      textColor: colours.faint,
      fontSize: 11,
      panes: { separatorColor: colours.line, enableResize: false },
    },
    grid: { vertLines: { visible: false }, horzLines: { color: colours.line } },
    rightPriceScale: { borderColor: colours.line },
    timeScale: { borderColor: colours.line, minBarSpacing: 0.05, tickMarkFormatter: (time: unknown, kind: number) => tickText(Number(time), kind) },
    localization: { timeFormatter: (time: unknown) => newYorkTime(Number(time), daily) },
    handleScroll: { mouseWheel: false, vertTouchDrag: false }, // the page itself must go on scrolling
    handleScale: { mouseWheel: false },
  };
}

/** A chart with its sentence for those who do not see it. `draw` must be stable: it is run again when it changes. */
export function Chart({ said, daily, draw, className }: { said: string; daily: boolean; draw: Draw; className: string }) {
  const place = useRef<HTMLDivElement>(null);
  const look = useLook();

  useEffect(() => {
    if (!place.current || look === "") return;
    const colours = readColours();
    const chart = createChart(place.current, optionsOf(colours, daily));
    draw(chart, colours);
    chart.timeScale().fitContent();
    return () => chart.remove();
  }, [draw, daily, look]);

  return <div ref={place} role="img" aria-label={said} data-testid="chart" className={cx("w-full", className)} />;
}
