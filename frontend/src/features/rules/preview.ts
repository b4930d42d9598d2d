import { z } from "zod";
import { textSchema } from "@/api/problem";

const fill = z.object({ time: z.string(), symbol: z.string(), side: z.enum(["buy", "sell"]), quantity: z.number(), price: z.number() });

const account = z.object({
  account_id: z.string(),
  cash: z.string(),
  cash_known: z.boolean(),
  buys: z.number(),
  sells: z.number(),
  cash_used: z.number(),
  return_pct: z.number().nullable(),
  buy_and_hold_pct: z.number().nullish(),
  fills: z.array(fill),
  vetoes: z.array(z.object({ guard: z.string(), times: z.number(), reason: textSchema })),
  warnings: z.array(textSchema),
  now: z.object({ at: z.string(), decision: z.unknown() }),
});

/** What a rule would have done on one account. */
export type OnAccount = z.infer<typeof account>;

/** The accounts of a preview, or null when this page cannot read them. */
export function readPreview(accounts: unknown): OnAccount[] | null {
  return z.array(account).safeParse(accounts).data ?? null;
}

let last: Promise<unknown> = Promise.resolve();

/** One after another, so that the first answer comes soon and the server is not asked for all at once. */
export function inTurn<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  const turn = last.then(() => {
    signal.throwIfAborted();
    return ask();
  });
  last = turn.catch(() => undefined);
  return turn;
}
