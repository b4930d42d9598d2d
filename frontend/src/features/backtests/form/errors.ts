/** Where on the form a sentence of the API belongs. */
import { ApiError, explain } from "@/api/problem";
import type { Dictionary } from "@/i18n/dictionary";
import type { Language } from "@/i18n/languages";
import { gridOf, seriesOf, varies, type Chosen, type CsvFile, type Draft } from "./draft";

export type Place =
  | "rule"
  | "symbol"
  | "amount"
  | "source"
  | "file"
  | "csvSymbol"
  | "csvTimeframe"
  | "first"
  | "last"
  | "cash"
  | "commission"
  | "slippage"
  | "spread"
  | "benchmark"
  | "study"
  | "grid"
  | "train"
  | "test"
  | "monteCarlo"
  | "volume"
  | "settlement"
  | "account"
  | "name"
  | "whole";

export type Errors = Partial<Record<Place, string>>;

const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/^(rules\.\d+\.)?symbol$/, "symbol"],
  [/^(rules\.\d+\.)?buy_amount_usd$/, "amount"],
  [/^rules(\.|$)/, "rule"],
  [/^candles\.\d+\.symbol$/, "csvSymbol"],
  [/^candles\.\d+\.timeframe$/, "csvTimeframe"],
  [/^candles(\.|$)/, "file"],
  [/^source$/, "source"],
  [/^first$/, "first"],
  [/^last$/, "last"],
  [/^cash$/, "cash"],
  [/^commission_pct$/, "commission"],
  [/^slippage_bps$/, "slippage"],
  [/^spread_bps$/, "spread"],
  [/^benchmark$/, "benchmark"],
  [/^study$/, "study"],
  [/^grid(\.|$)/, "grid"],
  [/^train_bars$/, "train"],
  [/^test_bars$/, "test"],
  [/^monte_carlo$/, "monteCarlo"],
  [/^volume_limit_pct$/, "volume"],
  [/^settlement_days$/, "settlement"],
  [/^account_id$/, "account"],
  [/^name$/, "name"],
  [/^$/, "whole"],
];

/** A name that is none of the form's is one of the rule's own fields: it is said at the rule, with the name. */
export function placeOf(field: string): { place: Place; named: boolean } {
  const known = PLACES.find(([pattern]) => pattern.test(field));
  return known ? { place: known[1], named: false } : { place: "rule", named: true };
}

const ABOUT_CANDLES = new Set(["no_candles", "bad_candles"]);

export function errorsFrom(error: unknown, language: Language, check: string): Errors {
  if (!(error instanceof ApiError)) return { whole: explain(error, language) };
  const { code, message, fields = {} } = error.problem;
  const found: Errors = {};
  const add = (place: Place, text: string) => void (found[place] = found[place] ? `${found[place]} ${text}` : text);
  for (const [field, texts] of Object.entries(fields ?? {})) {
    const { place, named } = placeOf(field);
    for (const text of texts) add(place, named ? `${field}: ${text[language]}` : text[language]);
  }
  if (Object.keys(found).length > 0) return { whole: check, ...found };
  return { [ABOUT_CANDLES.has(code) ? "source" : "whole"]: message[language] };
}

/** What can be seen to be missing before anything is sent. */
export function lacking(draft: Draft, chosen: Chosen | null, csv: CsvFile | null, words: Dictionary["backtests"]["form"]): Errors {
  const found: Errors = {};
  if (draft.from === "saved" ? draft.ruleId === "" : !chosen?.text?.trim()) found.rule = words.needRule;
  if (draft.source === "csv") {
    if (csv === null) found.file = words.needFile;
    if (seriesOf(draft, chosen).symbol === "") found.csvSymbol = words.needSymbol;
  }
  if (varies(draft.study) && Object.keys(gridOf(draft.grid)).length === 0) found.grid = words.needGrid;
  return Object.keys(found).length > 0 ? { whole: words.check, ...found } : found;
}
