/** The result of a replay as the engine writes it. Each part is there or not; a part that cannot be read spoils the whole. */
import { z } from "zod";
import { textSchema } from "@/api/problem";
import { lookAheadSchema } from "@/shared/look-ahead";

const figure = z.number().nullish();
const side = z.enum(["buy", "sell"]);
const against = z.object({ return_pct: figure }).nullish();

const statistics = z.looseObject({
  total_return_pct: z.number(),
  final_equity: z.number(),
  max_drawdown_pct: figure,
  buy_and_hold: against,
  benchmark: against,
});

const fill = z.object({ at: z.number(), time: z.string(), symbol: z.string(), side, quantity: z.number(), price: z.number() });

const trade = z.object({
  symbol: z.string(),
  quantity: z.number(),
  entry_time: z.string(),
  entry_price: z.number(),
  exit_time: z.string().nullable(),
  exit_price: z.number().nullable(),
  profit: figure,
  profit_pct: figure,
  entry_reason: textSchema.nullish(),
  exit_reason: textSchema.nullish(),
});

const event = z.object({ time: z.string(), symbol: z.string(), side, reason: textSchema, times: z.number().optional() });
const curve = z.object({ time: z.array(z.number()), value: z.array(z.number()), drawdown_pct: z.array(z.number()) });
const numbers = z.array(z.number());
const prices = z.object({ time: numbers, open: numbers, high: numbers, low: numbers, close: numbers });

const values = z.record(z.string(), z.string());
const cell = z.number().nullable();
const grid = z.object({
  metric: z.string(),
  warning: textSchema,
  best: z.looseObject({ values }),
  heat: z.object({ x: z.string(), xs: z.array(z.string()), y: z.string().nullable(), ys: z.array(z.string()), cells: z.array(z.array(cell)) }),
});

const returned = z.looseObject({ total_return_pct: figure });
const walk = z.object({
  total_return_pct: figure,
  efficiency: figure,
  windows: z.array(z.object({ train_from: z.string(), test_from: z.string(), values, trained: returned, tested: returned, equity: z.number() })),
});

const byPercent = z.record(z.string(), z.number());
const monteCarlo = z.object({ runs: z.number(), trades: z.number(), max_drawdown_pct: byPercent, final_equity: byPercent, share_of_losing_runs: z.number() });

const result = z.object({
  bars: z.number().optional(),
  symbols: z.array(z.string()).default([]),
  warnings: z.array(textSchema).default([]),
  statistics: statistics.optional(),
  convention: textSchema.optional(),
  benchmark: z.string().optional(),
  equity: curve.optional(),
  prices: z.record(z.string(), prices).optional(),
  fills: z.array(fill).default([]),
  trades: z.array(trade).default([]),
  vetoes: z.array(event).default([]),
  unfilled: z.array(event).default([]),
  counts: z.record(z.string(), z.number()).default({}),
  monthly: z.array(z.object({ month: z.string(), return_pct: z.number() })).default([]),
  grid: grid.optional(),
  walk_forward: walk.optional(),
  monte_carlo: monteCarlo.optional(),
  look_ahead: lookAheadSchema.optional(),
});

export type Result = z.infer<typeof result>;
export type Trade = Result["trades"][number];
export type Event = z.infer<typeof event>;
export type Fill = z.infer<typeof fill>;
export type Prices = z.infer<typeof prices>;
export type Curve = z.infer<typeof curve>;
export type Grid = z.infer<typeof grid>;
export type Walk = z.infer<typeof walk>;
export type MonteCarlo = z.infer<typeof monteCarlo>;

/** The result, or null when this page cannot read it. */
export function readResult(value: unknown): Result | null {
  return result.safeParse(value).data ?? null;
}
