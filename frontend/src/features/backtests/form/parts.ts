import type { Draft } from "./draft";
import type { Errors } from "./errors";

/** What every part of the form is given. */
export type Part = { draft: Draft; change: (changes: Partial<Draft>) => void; errors: Errors };
