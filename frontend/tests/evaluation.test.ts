import { describe, expect, it } from "vitest";
import { leaves, readEvaluation, withValues } from "@/features/rules/evaluation";

const comparison = {
  kind: "comparison",
  text: "sma(10) > 190",
  result: false,
  score: 0.98,
  operator: ">",
  left: { text: "sma(10)", value: "187.21345678" },
  right: { text: "190", value: "190" },
  distance: "2.78654322",
};

const stored = {
  action: "none",
  side: "buy",
  at: "2026-11-22T14:31:05Z",
  score: 0.98,
  explanation: { ko: "매수하지 않음", en: "so it does not buy" },
  reasons: { kind: "all", text: "all", result: false, score: 0.98, parts: [comparison, { kind: "not", text: "not x", result: true, score: 1, parts: [comparison] }] },
};

describe("a rule's latest look", () => {
  it("is read down to the comparisons", () => {
    const read = readEvaluation(stored);
    expect(read?.reasons && leaves(read.reasons).map(({ text }) => text)).toEqual(["sma(10) > 190", "sma(10) > 190"]);
  });

  it("may have been blocked before any comparison", () => {
    expect(readEvaluation({ ...stored, reasons: null })?.explanation.en).toBe("so it does not buy");
  });

  it("is nothing rather than half of something", () => {
    expect([null, {}, { action: "none" }, "text"].map(readEvaluation)).toEqual([null, null, null, null]);
  });

  it("shows values once, and as many digits as a person reads", () => {
    expect(withValues(comparison)).toBe("sma(10) = 187.2134");
  });
});
