import { describe, expect, it } from "vitest";
import { ApiError, problemFrom } from "@/api/problem";
import { dictionaries } from "@/i18n/dictionary";
import { EMPTY, gridOf, listed, saidIn, seriesOf, timeframeOf, toRequest, type Chosen, type Draft } from "@/features/backtests/form/draft";
import { errorsFrom, lacking, placeOf } from "@/features/backtests/form/errors";
import { revived } from "@/features/backtests/form/kept";

const words = dictionaries.ko.backtests.form;
const FILE = "name: x\nsymbol: AAPL # apple\ntimeframe: 1d\nentry_condition: close > 1\n";
const chosen: Chosen = { text: FILE, symbol: "AAPL", timeframe: "1d" };
const draft = (changes: Partial<Draft>): Draft => ({ ...EMPTY, ...changes });

describe("what a draft asks for", () => {
  it("is a saved rule by its id, and nothing of its text", () => {
    expect(toRequest(draft({ from: "saved", ruleId: "r1", symbol: "MSFT" }), null, null).rules).toEqual([{ rule_id: "r1" }]);
  });

  it("is a file's text, with the symbol and amount that outrank it", () => {
    const asked = toRequest(draft({ from: "file", symbol: " msft ", amount: "500" }), chosen, null);
    expect(asked.rules).toEqual([{ text: FILE, symbol: "MSFT", buy_amount_usd: "500" }]);
  });

  it("leaves empty costs to the broker and empty limits off", () => {
    const { commission_pct, volume_limit_pct, first } = toRequest(draft({ volume: "" }), chosen, null);
    expect([commission_pct, volume_limit_pct, first]).toEqual([null, null, null]);
  });

  it("brings candles only when they are to be used", () => {
    const csv = { name: "a.csv", text: "time,…" };
    expect(toRequest(draft({ source: "stored" }), chosen, csv).candles).toBeUndefined();
    expect(toRequest(draft({ source: "csv" }), chosen, csv).candles).toEqual([{ symbol: "AAPL", timeframe: "1d", csv: "time,…" }]);
  });

  it("varies values only in a study that does", () => {
    const grid = [{ name: "fast", values: "5, 10" }];
    expect(toRequest(draft({ study: "single", grid }), chosen, null).grid).toBeUndefined();
    expect(toRequest(draft({ study: "walk_forward", grid }), chosen, null)).toMatchObject({ grid: { fast: ["5", "10"] }, train_bars: 500, test_bars: 125 });
  });
});

describe("what is read off what was typed", () => {
  it("knows a rule file's symbol and length of bar", () => {
    expect([saidIn(FILE, "symbol"), timeframeOf(saidIn(FILE, "timeframe")), saidIn("strategy:\n  id: x", "symbol")]).toEqual(["AAPL", "1d", ""]);
  });

  it("takes values apart at commas, spaces and lines", () => {
    expect(listed(" 5,10 , 20\n30 ")).toEqual(["5", "10", "20", "30"]);
  });

  it("leaves out rows of a grid that say nothing", () => {
    expect(gridOf([{ name: "fast", values: "5" }, { name: "", values: "7" }, { name: "slow", values: " " }])).toEqual({ fast: ["5"] });
  });

  it("takes the CSV for the rule's own series unless told otherwise", () => {
    expect(seriesOf(draft({}), chosen)).toEqual({ symbol: "AAPL", timeframe: "1d" });
    expect(seriesOf(draft({ symbol: "msft" }), chosen).symbol).toBe("MSFT");
    expect(seriesOf(draft({ csvSymbol: "tsla", csvTimeframe: "5m" }), chosen)).toEqual({ symbol: "TSLA", timeframe: "5m" });
  });
});

describe("a sentence of the API", () => {
  const refusal = (body: object) => new ApiError(problemFrom({ status: 400, code: "invalid", message: { ko: "전체", en: "whole" }, ...body }, 400));
  const text = (said: string) => [{ ko: said, en: `${said} in English` }];

  it.each([
    ["cash", "cash"],
    ["commission_pct", "commission"],
    ["candles.0.symbol", "csvSymbol"],
    ["candles", "file"],
    ["rules.0.text", "rule"],
    ["buy_amount_usd", "amount"],
    ["grid.fast.0", "grid"],
    ["train_bars", "train"],
    ["", "whole"],
  ])("about %s stands at %s", (field, place) => {
    expect(placeOf(field)).toEqual({ place, named: false });
  });

  it("about a field of the rule stands at the rule, with the field's name", () => {
    const errors = errorsFrom(refusal({ fields: { entry_condition: text("모르는 이름"), cash: text("너무 적음") } }), "ko", "고치세요");
    expect(errors).toEqual({ whole: "고치세요", rule: "entry_condition: 모르는 이름", cash: "너무 적음" });
  });

  it("about missing candles stands where candles are chosen", () => {
    expect(errorsFrom(refusal({ code: "no_candles" }), "en", "")).toEqual({ source: "whole" });
  });

  it("is not needed when nobody answers", () => {
    expect(errorsFrom(new TypeError("fetch failed"), "en", "").whole).toContain("cannot be reached");
  });
});

describe("before anything is sent", () => {
  it("a rule, a file and values are asked for", () => {
    const lacks = lacking(draft({ source: "csv", study: "grid" }), null, null, words);
    expect(lacks).toEqual({ whole: words.check, rule: words.needRule, file: words.needFile, csvSymbol: words.needSymbol, grid: words.needGrid });
  });

  it("nothing is asked for when all is there", () => {
    expect(lacking(draft({}), chosen, null, words)).toEqual({});
  });
});

describe("a kept draft", () => {
  it("comes back as it was, with defaults for what it does not know", () => {
    expect(revived(JSON.stringify({ cash: "777", source: "csv" }), EMPTY)).toEqual(draft({ cash: "777", source: "csv" }));
  });

  it("is the empty one when there is none, or none that can be read", () => {
    expect([null, "{", "7", "null"].map((raw) => revived(raw, EMPTY))).toEqual([EMPTY, EMPTY, EMPTY, EMPTY]);
  });
});
