/** Figures that the engine reckoned in binary numbers: a replay's, never an account's. */
import type { Language } from "@/i18n/languages";
import { UNKNOWN } from "./money";

const LOCALE: Record<Language, string> = { ko: "ko-KR", en: "en-US" };
const TWO = { minimumFractionDigits: 2, maximumFractionDigits: 2 } as const;

type Value = number | null | undefined;

function show(value: Value, language: Language, options: Intl.NumberFormatOptions): string {
  if (value == null || !Number.isFinite(value)) return UNKNOWN;
  return new Intl.NumberFormat(LOCALE[language], options).format(value).replace("-", "−");
}

const signDisplay = (signed: boolean) => (signed ? "exceptZero" : "auto");

/** `+3.10%` of 3.1. */
export function percent(value: Value, language: Language, signed = false): string {
  return show(value == null ? value : value / 100, language, { style: "percent", ...TWO, signDisplay: signDisplay(signed) });
}

/** `$1,234.50`. */
export function dollars(value: Value, language: Language, signed = false): string {
  return show(value, language, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", signDisplay: signDisplay(signed) });
}

export const plain = (value: Value, language: Language): string => show(value, language, TWO);
export const whole = (value: Value, language: Language): string => show(value, language, { maximumFractionDigits: 0 });

export type Way = "gain" | "loss" | "flat";

export const way = (value: Value): Way => (!value ? "flat" : value > 0 ? "gain" : "loss");
export const WAY_COLOUR: Record<Way, string> = { gain: "text-up", loss: "text-down", flat: "" };
