import { z } from "zod";
import type { Language } from "@/i18n/languages";

export const textSchema = z.object({ ko: z.string(), en: z.string() });
export type Text = z.infer<typeof textSchema>;

const problemSchema = z.object({
  status: z.number(),
  code: z.string(),
  message: textSchema,
  fields: z.record(z.string(), z.array(textSchema)).nullish(),
});
export type Problem = z.infer<typeof problemSchema>;

const UNEXPLAINED: Text = {
  ko: "서버가 뜻밖의 답을 했습니다. 잠시 뒤 다시 시도해 주세요.",
  en: "The server gave an unexpected answer. Try again in a moment.",
};

const UNREACHABLE: Text = {
  ko: "서버에 닿지 않습니다. 연결을 확인하고 다시 시도해 주세요.",
  en: "The server cannot be reached. Check the connection and try again.",
};

/** A failure that carries a sentence for the person who sees it, in both languages. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message.en);
    this.name = "ApiError";
  }

  get status(): number {
    return this.problem.status;
  }

  /** The server's sentence, with what it said about single fields. */
  say(language: Language): string {
    const fields = Object.values(this.problem.fields ?? {}).flat();
    return [this.problem.message, ...fields].map((text) => text[language]).join(" ");
  }
}

export function problemFrom(body: unknown, status: number): Problem {
  const parsed = problemSchema.safeParse(body);
  return parsed.success ? parsed.data : { status, code: "unexplained", message: UNEXPLAINED };
}

export function explain(error: unknown, language: Language): string {
  return error instanceof ApiError ? error.say(language) : UNREACHABLE[language];
}

/** `{ko, en}` when the value is one; some columns may hold richer reasons, which this page does not show. */
export function asText(value: unknown): Text | null {
  const parsed = textSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

type Answer<Data> = { data?: Data; error?: unknown; response: Response };

/** Nothing, or an ApiError: for answers without a body. */
export function settle({ error, response }: Answer<unknown>): void {
  if (!response.ok) throw new ApiError(problemFrom(error, response.status));
}

/** The data, or an ApiError. Failure never becomes an empty list. */
export function unwrap<Data>({ data, error, response }: Answer<Data>): Data {
  if (data === undefined || !response.ok) throw new ApiError(problemFrom(error, response.status));
  return data;
}
