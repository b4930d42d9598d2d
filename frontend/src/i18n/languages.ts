export const LANGUAGES = ["ko", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGE_COOKIE = "language";

/** Korean unless the person chose English: the first visitor is a Korean investor. */
export function readLanguage(value: string | undefined): Language {
  return value === "en" ? "en" : "ko";
}
