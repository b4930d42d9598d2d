import { z } from "zod";
import { textSchema } from "@/api/problem";

/** What became of the check whether a rule knows the future: at how many bars it looked, and where the answers differ. */
export const lookAheadSchema = z.object({
  ok: z.boolean(),
  bars: z.number(),
  text: textSchema,
  differences: z.array(z.object({ time: z.string(), side: z.enum(["buy", "sell"]), whole: z.boolean().nullable(), cut: z.boolean().nullable() })),
});

export type LookAhead = z.infer<typeof lookAheadSchema>;
