import { NEW_YORK } from "@/shared/time";

/** The stretch of a chart in which a moment lies: the last that began by then. `times` rise; seconds. */
export function stretchOf(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((times[middle] ?? Infinity) <= at) low = middle;
    else high = middle - 1;
  }
  return times[low] ?? at;
}

const DAY_S = 86_400;

/** Whether the bars are of days or longer; then the hour in them says nothing. */
export function isDaily(times: readonly number[]): boolean {
  const gaps = times.slice(1, 50).map((time, k) => time - (times[k] ?? time));
  return gaps.length > 0 && Math.min(...gaps) >= DAY_S - 3_600;
}

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-CA", { timeZone: NEW_YORK, hourCycle: "h23", ...options });
const date = format({ year: "numeric", month: "2-digit", day: "2-digit" });
const clock = format({ hour: "2-digit", minute: "2-digit" });

/** `2026-11-22` in New York, where the market is. */
export const newYorkDay = (seconds: number): string => date.format(seconds * 1000);

/** The day, and where bars are shorter also the minute. */
export function newYorkTime(seconds: number, daily: boolean): string {
  return daily ? newYorkDay(seconds) : `${newYorkDay(seconds)} ${clock.format(seconds * 1000)}`;
}

/** What stands under the axis: a year where it begins, then months, days, minutes (lightweight-charts' TickMarkType 0 to 4). */
export function tickText(seconds: number, kind: number): string {
  const day = newYorkDay(seconds);
  if (kind === 0) return day.slice(0, 4);
  if (kind === 1) return day.slice(0, 7);
  return kind === 2 ? day.slice(5) : clock.format(seconds * 1000);
}
