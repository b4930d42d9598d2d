import { describe, expect, it } from "vitest";
import { ago, dayIfNotToday, moment, NEW_YORK, pulse, secondsSince, SEOUL, wallClock } from "@/shared/time";

const NOW = Date.parse("2026-11-22T14:31:05Z");
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

describe("a moment", () => {
  it("is told in Seoul and in New York", () => {
    expect(wallClock("2026-11-22T14:31:05Z", SEOUL)).toBe("23:31:05");
    expect(wallClock("2026-11-22T14:31:05Z", NEW_YORK)).toBe("09:31:05");
  });

  it("follows New York's summer time", () => {
    expect(wallClock("2026-07-01T13:30:00Z", NEW_YORK)).toBe("09:30:00");
    expect(wallClock("2026-07-01T13:30:00Z", SEOUL)).toBe("22:30:00");
  });

  it("says midnight as 00:00", () => {
    expect(wallClock("2026-11-22T15:00:00Z", SEOUL)).toBe("00:00:00");
  });

  it("names the day only when it is not today in that city", () => {
    const past = "2026-11-22T15:30:00Z"; // already the 23rd in Seoul, still the 22nd in New York
    expect(dayIfNotToday(past, SEOUL, NOW)).toBe("11-23");
    expect(dayIfNotToday(past, NEW_YORK, NOW)).toBeNull();
    expect(moment(past, SEOUL, NOW)).toBe("11-23 00:30:00");
  });
});

describe("a heartbeat's age", () => {
  it("is in whole seconds and never from the future", () => {
    expect(secondsSince(before(3.9), NOW)).toBe(3);
    expect(secondsSince(before(-10), NOW)).toBe(0);
  });

  it("is said in the coarsest unit that says something", () => {
    expect([0, 59, 60, 3599, 3600, 86_400].map((age) => ago(age, "ko"))).toEqual(["0초 전", "59초 전", "1분 전", "59분 전", "1시간 전", "1일 전"]);
    expect(ago(61, "en")).toBe("1 min ago");
  });

  it("is fresh, then late, and silent past half a minute", () => {
    expect([0, 15, 16, 30, 31].map((age) => pulse(before(age), NOW))).toEqual(["fresh", "fresh", "late", "late", "silent"]);
    expect(pulse(null, NOW)).toBe("never");
  });
});
