import { describe, expect, it } from "vitest";
import { isDaily, newYorkTime, stretchOf, tickText } from "@/features/backtests/charts/place";
import { heatOf } from "@/features/backtests/heat";
import { yearsOf } from "@/features/backtests/months";
import { readResult } from "@/features/backtests/result";
import { linesOf, rulesOf, titleOf } from "@/features/backtests/rule-text";
import { dollars, percent, plain, whole } from "@/shared/figures";

const text = (said: string) => ({ ko: said, en: said });
const fine = { ok: true, bars: 25, text: text("fine"), differences: [] };
const stored = {
  symbols: ["AAPL"],
  bars: 300,
  statistics: { final_equity: 110000, total_return_pct: 10, max_drawdown_pct: -4, sharpe: null, buy_and_hold: { return_pct: 7 }, benchmark: null },
  warnings: [],
  look_ahead: fine,
};

describe("a result", () => {
  it("is read with whatever parts it has", () => {
    const read = readResult(stored);
    expect([read?.statistics?.final_equity, read?.trades, read?.grid]).toEqual([110000, [], undefined]);
  });

  it("is nothing rather than half of something", () => {
    expect([null, "text", { ...stored, trades: "many" }].map(readResult)).toEqual([null, null, null]);
  });
});

describe("the table of months", () => {
  it("puts each month in its place, and compounds them to the year", () => {
    const [first, second] = yearsOf([
      { month: "2025-12", return_pct: 5 },
      { month: "2026-01", return_pct: 10 },
      { month: "2026-03", return_pct: -10 },
    ]);
    expect(first).toMatchObject({ year: "2025", whole: expect.closeTo(5) });
    expect(second?.months.slice(0, 4)).toEqual([10, null, -10, null]);
    expect(second?.whole).toBeCloseTo(-1);
  });
});

describe("the heat map", () => {
  it("goes from the worst to the best; what is unknown is cold", () => {
    expect(heatOf([[0, 5], [10, null]]).map((row) => row.map(({ share }) => share))).toEqual([[0, 0.5], [1, 0]]);
  });

  it("does not pretend to differences where there are none", () => {
    expect(heatOf([[3, 3]])[0]?.map(({ share }) => share)).toEqual([0, 0]);
  });
});

describe("the place of a fill on a chart", () => {
  it("is the stretch in which it lies", () => {
    expect([9, 10, 25, 30, 99].map((at) => stretchOf([10, 20, 30], at))).toEqual([10, 10, 20, 30, 30]);
  });

  it("is told in New York's time, by the minute only where bars are shorter than days", () => {
    const noon = Date.parse("2026-11-20T17:00:00Z") / 1000;
    expect([newYorkTime(noon, true), newYorkTime(noon, false)]).toEqual(["2026-11-20", "2026-11-20 12:00"]);
    expect([0, 1, 2, 3].map((kind) => tickText(noon, kind))).toEqual(["2026", "2026-11", "11-20", "12:00"]);
  });

  it("takes bars for days even when the clocks change", () => {
    expect([isDaily([0, 86_400, 2 * 86_400 - 3_600]), isDaily([0, 300, 86_400]), isDaily([])]).toEqual([true, false, false]);
  });
});

describe("figures", () => {
  it("carry a sign where asked, and are unknown rather than nothing", () => {
    expect([percent(3.1, "en", true), percent(-3.1, "en"), percent(null, "ko"), dollars(-1234.5, "en", true), plain(1.005, "en"), whole(1234, "en")]).toEqual([
      "+3.10%",
      "−3.10%",
      "—",
      "−$1,234.50",
      "1.01",
      "1,234",
    ]);
  });
});

describe("a run's rule", () => {
  const run = { name: "", rules: [{ rule_id: null, version: 3, fields: { name: "", symbol: "AAPL", params: {}, stop_loss_pct: null, sessions: ["regular"] } }] };

  it("gives the run its name, the symbol when it has none", () => {
    expect([titleOf(run), titleOf({ ...run, name: "mine" }), titleOf({ name: "", rules: [] })]).toEqual(["AAPL", "mine", "—"]);
  });

  it("is written without what is empty", () => {
    expect(rulesOf(run).map(({ fields }) => linesOf(fields))).toEqual(['symbol: AAPL\nsessions: ["regular"]']);
  });
});
