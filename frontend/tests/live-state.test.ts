import { describe, expect, it } from "vitest";
import { nextLive, STARTING, type LiveEvent } from "@/live/state";

const after = (...events: LiveEvent[]) => events.reduce(nextLive, STARTING);

describe("the live state", () => {
  it("is live only once the lists were read again", () => {
    expect(after({ type: "opened" }).phase).toBe("catching_up");
    expect(after({ type: "opened" }, { type: "caught_up" }).phase).toBe("live");
  });

  it("says since when it is offline, and failed retries do not move that", () => {
    expect(after({ type: "opened" }, { type: "dropped", at: 5 }, { type: "dropped", at: 9 })).toEqual({ phase: "offline", offlineSince: 5 });
  });

  it("is not live when the line broke while catching up", () => {
    expect(after({ type: "opened" }, { type: "dropped", at: 5 }, { type: "caught_up" }).phase).toBe("offline");
  });
});
