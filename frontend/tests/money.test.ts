import { describe, expect, it } from "vitest";
import { direction, money, price, quantity, signedMoney, times, UNKNOWN } from "@/shared/money";

describe("money", () => {
  it("is shown in dollars to the cent, alike in both languages", () => {
    expect(money("1234.5000", "en")).toBe("$1,234.50");
    expect(money("1234.5000", "ko")).toBe("$1,234.50");
    expect(money("-3.1", "en")).toBe("−$3.10");
  });

  it("keeps every digit of amounts that a binary number would lose", () => {
    expect(money("9007199254740993.01", "en")).toBe("$9,007,199,254,740,993.01");
    expect(money("0.005", "en")).toBe("$0.01");
  });

  it("shows prices below a cent's step", () => {
    expect(price("0.8123", "en")).toBe("$0.8123");
    expect(price("187.3100", "en")).toBe("$187.31");
  });

  it("is unknown when it is unknown: never zero", () => {
    for (const nothing of [null, undefined, "", "NaN", "1e5", " 5"]) expect(money(nothing, "ko")).toBe(UNKNOWN);
    expect(money("0", "ko")).toBe("$0.00");
  });

  it("carries its sign when it is a gain or a loss", () => {
    expect([signedMoney("3.1", "en"), signedMoney("-3.1", "en"), signedMoney("0.0000", "en")]).toEqual(["+$3.10", "−$3.10", "$0.00"]);
  });

  it("points the way of its digits", () => {
    expect(["0.0001", "-0.0001", "0.0000", "-0.0000", null].map(direction)).toEqual(["gain", "loss", "flat", "flat", "flat"]);
  });

  it("multiplies without a binary number", () => {
    expect(times(3, "0.1")).toBe("0.30000000");
    expect(times(1_000_001, "187.3133")).toBe("187313487.31330000");
    expect(times(-2, "0.5")).toBe("-1.00000000");
    expect(times(1.5, "1")).toBeNull();
  });
});

describe("a quantity", () => {
  it("is grouped", () => expect(quantity(12345, "ko")).toBe("12,345"));
});
