/** Why an order was made, as the server keeps it: free in form, so that what is there is checked and the rest left out. */
import { z } from "zod";
import { textSchema } from "@/api/problem";

const voteSchema = z.object({ guard: z.string(), passed: z.boolean(), quantity: z.number().nullish(), reason: textSchema });
export type Vote = z.infer<typeof voteSchema>;

const reasonSchema = z.object({
  text: z.string().nullish(),
  guards: z.object({ votes: z.array(voteSchema) }).nullish(),
});

export type Reason = { text: string | null; votes: Vote[] };

/** The sentence of the decision and how the guards voted; empty where there is none. */
export function reasonOf(value: unknown): Reason {
  const parsed = reasonSchema.safeParse(value);
  return parsed.success ? { text: parsed.data.text || null, votes: parsed.data.guards?.votes ?? [] } : { text: null, votes: [] };
}
