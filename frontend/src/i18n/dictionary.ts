import { en } from "./en";
import { ko } from "./ko";
import type { Language } from "./languages";

/** Korean is the original: a sentence that English lacks does not compile. */
export type Dictionary = typeof ko;

export const dictionaries: Record<Language, Dictionary> = { ko, en };
