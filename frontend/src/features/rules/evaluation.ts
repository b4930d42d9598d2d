import { z } from "zod";
import { textSchema } from "@/api/problem";

const operand = z.object({ text: z.string(), value: z.string().nullable() });

const leaf = z.object({
  text: z.string(),
  result: z.boolean().nullable(),
  left: operand.optional(),
  right: operand.optional(),
});

export type Reason = z.infer<typeof leaf> & { parts?: Reason[] };

const reason: z.ZodType<Reason> = leaf.extend({
  get parts() {
    return z.array(reason).optional();
  },
});

const evaluation = z.object({
  action: z.enum(["none", "entry", "exit"]),
  at: z.string(),
  score: z.number(),
  explanation: textSchema,
  reasons: reason.nullable(),
});

export type Evaluation = z.infer<typeof evaluation>;

/** The stored record of a rule's latest look; null when it has not looked, or recorded something this page cannot read. */
export function readEvaluation(value: unknown): Evaluation | null {
  return evaluation.safeParse(value).data ?? null;
}

/** The comparisons at the ends of the tree. */
export function leaves(of: Reason): Reason[] {
  return of.parts && of.parts.length > 0 ? of.parts.flatMap(leaves) : [of];
}

const DECIMALS = 4;

/** `close 187.3 < 190`: the comparison with the values that decided it; a literal is not repeated. */
export function withValues({ text, left, right }: Reason): string | null {
  const shown = [left, right].flatMap((side) => (side && side.value !== null && side.text !== side.value ? [`${side.text} = ${short(side.value)}`] : []));
  return shown.length > 0 && text ? shown.join(", ") : null;
}

function short(value: string): string {
  const [whole, fraction = ""] = value.split(".");
  const kept = fraction.slice(0, DECIMALS).replace(/0+$/, "");
  return kept ? `${whole}.${kept}` : (whole ?? value);
}
