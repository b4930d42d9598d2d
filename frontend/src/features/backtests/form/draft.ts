/** What a person has typed into the form, as text; and how it becomes what the API is asked. */
import type { BacktestAsked, Rule } from "@/api/types";

export type Timeframe = Rule["timeframe"];
export type Source = NonNullable<BacktestAsked["source"]>;
export type Study = NonNullable<BacktestAsked["study"]>;
export type Origin = "saved" | "ready" | "file";

const LENGTHS = { "1m": 0, "5m": 0, "15m": 0, "30m": 0, "1h": 0, "1d": 0 } satisfies Record<Timeframe, 0>;
export const TIMEFRAMES = Object.keys(LENGTHS) as Timeframe[];

export type Draft = {
  from: Origin;
  ruleId: string;
  readyId: string;
  text: string;
  symbol: string;
  amount: string;
  source: Source;
  csvSymbol: string;
  csvTimeframe: Timeframe | "";
  first: string;
  last: string;
  cash: string;
  commission: string;
  slippage: string;
  spread: string;
  benchmark: "" | "SPY" | "QQQ";
  study: Study;
  grid: { name: string; values: string }[];
  train: string;
  test: string;
  monteCarlo: string;
  volume: string;
  settlement: string;
  limitOrders: boolean;
  ticks: boolean;
  sessions: boolean;
  guards: boolean;
  accountId: string;
  name: string;
};

/** What is already there: the API's own defaults, which cost money. */
export const EMPTY: Draft = {
  from: "ready",
  ruleId: "",
  readyId: "",
  text: "",
  symbol: "",
  amount: "",
  source: "stored",
  csvSymbol: "",
  csvTimeframe: "",
  first: "",
  last: "",
  cash: "100000",
  commission: "",
  slippage: "5",
  spread: "2",
  benchmark: "",
  study: "single",
  grid: [{ name: "", values: "" }],
  train: "500",
  test: "125",
  monteCarlo: "0",
  volume: "5",
  settlement: "1",
  limitOrders: true,
  ticks: true,
  sessions: true,
  guards: true,
  accountId: "",
  name: "",
};

/** The rule as far as the form knows it: its file, and what it is about. */
export type Chosen = { text: string | null; symbol: string; timeframe: Timeframe | "" };

export type CsvFile = { name: string; text: string };

/** `symbol: AAPL` said in a rule file; empty when it says nothing of the kind. */
export function saidIn(text: string, name: "symbol" | "timeframe"): string {
  return new RegExp(`^${name}\\s*:\\s*["']?([^\\s"'#]+)`, "m").exec(text)?.[1] ?? "";
}

export function timeframeOf(text: string): Timeframe | "" {
  return TIMEFRAMES.find((each) => each === text) ?? "";
}

/** `5, 10,20` as its values. */
export const listed = (values: string): string[] =>
  values
    .split(/[,\s]+/)
    .map((each) => each.trim())
    .filter((each) => each !== "");

export function gridOf(rows: Draft["grid"]): Record<string, string[]> {
  return Object.fromEntries(rows.map(({ name, values }) => [name.trim(), listed(values)] as const).filter(([name, values]) => name !== "" && values.length > 0));
}

export const varies = (study: Study): boolean => study === "grid" || study === "walk_forward";

/** What the CSV is of: as typed, else as the rule says. */
export function seriesOf(draft: Draft, chosen: Chosen | null): { symbol: string; timeframe: Timeframe } {
  const symbol = draft.csvSymbol.trim() || draft.symbol.trim() || chosen?.symbol || "";
  return { symbol: symbol.toUpperCase(), timeframe: draft.csvTimeframe || chosen?.timeframe || "1d" };
}

function ruleOf(draft: Draft, chosen: Chosen | null): BacktestAsked["rules"][number] {
  if (draft.from === "saved") return { rule_id: draft.ruleId };
  const [symbol, amount] = [draft.symbol.trim().toUpperCase(), draft.amount.trim()];
  return { text: chosen?.text ?? "", ...(symbol && { symbol }), ...(amount && { buy_amount_usd: amount }) };
}

const number = (text: string): string => text.trim();
/** Whole numbers; what is none is sent as it is, so that the API's own sentence is shown at the field. */
const count = (text: string): number => (text.trim() === "" ? 0 : Number.isInteger(Number(text)) ? Number(text) : (text as unknown as number));

export function toRequest(draft: Draft, chosen: Chosen | null, csv: CsvFile | null): BacktestAsked {
  const varied = varies(draft.study);
  return {
    rules: [ruleOf(draft, chosen)],
    study: draft.study,
    source: draft.source,
    name: draft.name.trim(),
    ...(draft.source === "csv" && csv ? { candles: [{ ...seriesOf(draft, chosen), csv: csv.text }] } : {}),
    first: draft.first || null,
    last: draft.last || null,
    cash: number(draft.cash),
    commission_pct: number(draft.commission) || null,
    slippage_bps: number(draft.slippage),
    spread_bps: number(draft.spread),
    volume_limit_pct: number(draft.volume) || null,
    benchmark: draft.benchmark || null,
    limit_orders: draft.limitOrders,
    ticks: draft.ticks,
    sessions: draft.sessions,
    settlement_days: count(draft.settlement),
    guards: draft.guards,
    ...(draft.accountId && { account_id: draft.accountId }),
    ...(varied ? { grid: gridOf(draft.grid) } : {}),
    ...(draft.study === "walk_forward" ? { train_bars: count(draft.train), test_bars: count(draft.test) } : {}),
    monte_carlo: count(draft.monteCarlo),
  };
}
