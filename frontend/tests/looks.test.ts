import { describe, expect, it } from "vitest";
import schema from "../openapi.json";
import { botPhase, HEALTH_TONE, TRADING_TONE } from "@/features/accounts/looks";
import { isAtLeast, LEVEL_TONE, LEVELS } from "@/features/journal/looks";
import { CANCELLABLE, STATUS_TONE } from "@/features/orders/looks";
import { dictionaries } from "@/i18n/dictionary";

/** The words that the API's schema has under this name. */
const inSchema = (name: keyof typeof schema.components.schemas): string[] => {
  const found = schema.components.schemas[name];
  return "enum" in found ? found.enum.map(String).sort() : [];
};
const words = (looks: object) => Object.keys(looks).sort();

describe("looks", () => {
  it("cover every state of an order that the API knows", () => {
    expect(words(STATUS_TONE)).toEqual(inSchema("OrderStatusEnum"));
    expect(words(CANCELLABLE)).toEqual(words(STATUS_TONE));
  });

  it("cover every health and trading state of an account", () => {
    expect(words(HEALTH_TONE)).toEqual(inSchema("HealthStatusEnum"));
    expect(words(TRADING_TONE)).toEqual(inSchema("TradingStateEnum"));
  });

  it("have words in both languages", () => {
    for (const { orders, accounts, journal } of Object.values(dictionaries)) {
      expect(words(orders.statuses)).toEqual(words(STATUS_TONE));
      expect(words(accounts.health)).toEqual(words(HEALTH_TONE));
      expect(words(journal.levels)).toEqual(words(LEVEL_TONE));
    }
  });

  it("never offer to cancel an order that is final or whose fate is unknown", () => {
    expect(Object.entries(CANCELLABLE).filter(([, yes]) => yes).map(([status]) => status)).toEqual(["working", "partially_filled"]);
  });

  it("tell what a bot is wanted to do from what it does", () => {
    const bot = { running: true, holder: null, since: null };
    expect(botPhase({ enabled: true, bot })).toBe("running");
    expect(botPhase({ enabled: true, bot: null })).toBe("starting");
    expect(botPhase({ enabled: false, bot })).toBe("stopping");
    expect(botPhase({ enabled: false, bot: null })).toBe("stopped");
  });

  it("show a level and the graver ones", () => {
    expect(LEVELS.filter((level) => isAtLeast(level, "warning"))).toEqual(["warning", "error"]);
  });
});
