import { describe, expect, it } from "vitest";
import { inTurn, readPreview } from "@/features/rules/preview";

const onAccount = {
  account_id: "a1",
  cash: "1000.0000",
  cash_known: true,
  buys: 1,
  sells: 0,
  cash_used: 100,
  return_pct: 1.5,
  buy_and_hold_pct: null,
  fills: [{ time: "2026-11-20", symbol: "AAPL", side: "buy", quantity: 1, price: 100 }],
  vetoes: [{ guard: "daily_buy", times: 3, reason: { ko: "한도", en: "limit" } }],
  warnings: [],
  now: { at: "2026-11-20T21:00:00Z", decision: { action: "none" } },
};

describe("a preview", () => {
  it("is read account by account", () => {
    expect(readPreview([onAccount])?.map(({ account_id, vetoes }) => [account_id, vetoes[0]?.times])).toEqual([["a1", 3]]);
  });

  it("is nothing rather than half of something", () => {
    expect([readPreview([{ ...onAccount, fills: 7 }]), readPreview(null)]).toEqual([null, null]);
  });
});

describe("questions that take their turns", () => {
  const still = new AbortController().signal;

  it("are asked one after another, whatever becomes of the one before", async () => {
    const said: string[] = [];
    const ask = (name: string, fails = false) => async () => {
      said.push(`${name} asked`);
      await Promise.resolve();
      said.push(`${name} answered`);
      if (fails) throw new Error(name);
    };
    await Promise.allSettled([inTurn(still, ask("first", true)), inTurn(still, ask("second"))]);
    expect(said).toEqual(["first asked", "first answered", "second asked", "second answered"]);
  });

  it("are not asked any more once nobody waits for the answer", async () => {
    const gone = new AbortController();
    gone.abort(new Error("closed"));
    await expect(inTurn(gone.signal, () => Promise.resolve("asked"))).rejects.toThrow("closed");
  });
});
