/** Money is the API's decimal string until this moment; it never passes through a binary number. */
import type { Language } from "@/i18n/languages";

const DECIMAL = /^-?\d+(\.\d+)?$/;
const LOCALE: Record<Language, string> = { ko: "ko-KR", en: "en-US" };

type Decimal = `${number}`;

function isDecimal(value: string): value is Decimal {
  return DECIMAL.test(value);
}

/** What is shown where a number is unknown. A blank is not a zero. */
export const UNKNOWN = "—";

const cache = new Map<string, Intl.NumberFormat>();

function formatter(language: Language, name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language} ${name}`;
  const known = cache.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(LOCALE[language], options);
  cache.set(key, made);
  return made;
}

function show(value: string | null | undefined, format: Intl.NumberFormat): string {
  return value != null && isDecimal(value) ? format.format(value).replace("-", "−") : UNKNOWN;
}

const dollars: Intl.NumberFormatOptions = {
  style: "currency",
  currency: "USD",
  currencyDisplay: "narrowSymbol",
};

/** `$1,234.50`: amounts, to the cent. */
export function money(value: string | null | undefined, language: Language): string {
  return show(value, formatter(language, "money", dollars));
}

/** `$12.3456`: prices keep up to four decimals, since US stocks under a dollar move by hundredths of a cent. */
export function price(value: string | null | undefined, language: Language): string {
  return show(value, formatter(language, "price", { ...dollars, maximumFractionDigits: 4 }));
}

/** `+$3.10`, `−$3.10`, `$0.00`: gains and losses carry their sign, so that colour is never the only one to say it. */
export function signedMoney(value: string | null | undefined, language: Language): string {
  return show(value, formatter(language, "signed", { ...dollars, signDisplay: "exceptZero" }));
}

export function quantity(value: number | string, language: Language): string {
  return show(String(value), formatter(language, "quantity", { maximumFractionDigits: 6 }));
}

export type Direction = "gain" | "loss" | "flat";

/** Which way a decimal string points, read off its digits. */
export function direction(value: string | null | undefined): Direction {
  if (value == null || !isDecimal(value) || /^-?0+(\.0+)?$/.test(value)) return "flat";
  return value.startsWith("-") ? "loss" : "gain";
}

const SCALE = 8;

function scaled(value: Decimal): bigint {
  const [whole = "0", fraction = ""] = value.replace("-", "").split(".");
  const digits = BigInt(whole + fraction.padEnd(SCALE, "0").slice(0, SCALE));
  return value.startsWith("-") ? -digits : digits;
}

/** `quantity × price` exactly, as a decimal string; null when either is not a decimal. */
export function times(count: number, each: string): string | null {
  if (!Number.isInteger(count) || !isDecimal(each)) return null;
  const product = BigInt(count) * scaled(each);
  const digits = (product < 0n ? -product : product).toString().padStart(SCALE + 1, "0");
  return `${product < 0n ? "-" : ""}${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`;
}
