import { describe, expect, it } from "vitest";
import { dictionaries } from "@/i18n/dictionary";
import { readLanguage } from "@/i18n/languages";

type Leaf = { path: string; text: string };

function leaves(value: unknown, path = ""): Leaf[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value === "function") return [{ path, text: String(value("X")) }];
  return Object.entries(value as object).flatMap(([name, inner]) => leaves(inner, path ? `${path}.${name}` : name));
}

const ko = leaves(dictionaries.ko);
const en = leaves(dictionaries.en);
const HANGUL = /[가-힣]/;
/** The other language's own name is written in that language. */
const FOREIGN = new Set(["language.other", "common.none"]);

describe("the dictionaries", () => {
  it("say the same things", () => {
    expect(en.map(({ path }) => path)).toEqual(ko.map(({ path }) => path));
  });

  it("leave nothing empty", () => {
    expect([...ko, ...en].filter(({ text }) => text.trim() === "")).toEqual([]);
  });

  it("are Korean in Korean and English in English", () => {
    expect(en.filter(({ path, text }) => HANGUL.test(text) && !FOREIGN.has(path))).toEqual([]);
    expect(ko.filter(({ path, text }) => !HANGUL.test(text) && !FOREIGN.has(path))).toEqual([]);
  });

  it("keep what is filled in", () => {
    const filled = (list: Leaf[]) => list.filter(({ text }) => text.includes("X")).map(({ path }) => path);
    expect(filled(en)).toEqual(filled(ko));
  });

  it("are Korean unless English was chosen", () => {
    expect([undefined, "", "fr", "ko", "en"].map(readLanguage)).toEqual(["ko", "ko", "ko", "ko", "en"]);
  });
});
