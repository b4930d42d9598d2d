import type { Language } from "@/i18n/languages";

export const SEOUL = "Asia/Seoul";
export const NEW_YORK = "America/New_York";
export type Zone = typeof SEOUL | typeof NEW_YORK;

/** en-GB for the digits: 24 hours, and never "24:00". Words around it are the dictionaries' business. */
const DIGITS = "en-GB";

const clock = (zone: Zone) =>
  new Intl.DateTimeFormat(DIGITS, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = (zone: Zone) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });

const clocks: Record<Zone, Intl.DateTimeFormat> = { [SEOUL]: clock(SEOUL), [NEW_YORK]: clock(NEW_YORK) };
const days: Record<Zone, Intl.DateTimeFormat> = { [SEOUL]: day(SEOUL), [NEW_YORK]: day(NEW_YORK) };

/** `23:31:05` on the wall of that city. */
export function wallClock(at: number | string | Date, zone: Zone): string {
  return clocks[zone].format(new Date(at));
}

/** `11-22`, or null when it is that day in that city now. */
export function dayIfNotToday(at: string, zone: Zone, now: number): string | null {
  const then = days[zone].format(new Date(at));
  return then === days[zone].format(new Date(now)) ? null : then.slice(5);
}

/** `11-22 23:31:05`, without the day when it is today there. */
export function moment(at: string, zone: Zone, now: number): string {
  const before = dayIfNotToday(at, zone, now);
  return before ? `${before} ${wallClock(at, zone)}` : wallClock(at, zone);
}

/** Whole seconds since; never negative, since a clock that runs ahead is not news from the future. */
export function secondsSince(at: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
}

const STEPS = [
  { below: 60, size: 1, ko: "초", en: "s" },
  { below: 3600, size: 60, ko: "분", en: "min" },
  { below: 86_400, size: 3600, ko: "시간", en: "h" },
  { below: Infinity, size: 86_400, ko: "일", en: "d" },
] as const;

/** `3초 전`, `3 s ago`; the coarsest unit that says something. */
export function ago(seconds: number, language: Language): string {
  const step = STEPS.find(({ below }) => seconds < below) ?? STEPS[3];
  const count = Math.floor(seconds / step.size);
  return language === "ko" ? `${count}${step.ko} 전` : `${count} ${step.en} ago`;
}

export type Pulse = "fresh" | "late" | "silent" | "never";

const FRESH_S = 15;
/** A bot that is silent for this long is taken for dead and started again. */
const SILENT_S = 30;

export function pulse(lastHeartbeat: string | null, now: number): Pulse {
  if (lastHeartbeat === null) return "never";
  const age = secondsSince(lastHeartbeat, now);
  if (age <= FRESH_S) return "fresh";
  return age <= SILENT_S ? "late" : "silent";
}
