import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keepLine, SILENCE_MS, type Line, type Source } from "@/live/line";

class Wire implements Source {
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  private listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(type, listener);
  }

  say(type: string, data = "{}") {
    this.listeners.get(type)?.({ data } as MessageEvent<string>);
  }

  close() {
    this.closed = true;
  }
}

let wires: Wire[];
let position: number | null;
let heard: string[];
let drops: number;
let line: Line;
const current = () => wires[wires.length - 1] as Wire;

beforeEach(() => {
  vi.useFakeTimers();
  [wires, position, heard, drops] = [[], 41, [], 0];
  line = keepLine({
    open: (url) => {
      const wire = new Wire(url);
      wires.push(wire);
      return wire;
    },
    url: "/stream",
    position: () => position,
    onOpen: () => undefined,
    onMessage: (data) => heard.push(data),
    onDrop: () => drops++,
  });
});

afterEach(() => {
  line.close();
  vi.useRealTimers();
});

describe("the line to the stream", () => {
  it("begins after the last entry of the page", () => {
    expect(current().url).toBe("/stream?after=41");
  });

  it("resumes after the last entry heard when it breaks", () => {
    current().say("fill", "a fill");
    position = 42;
    current().onerror?.();
    vi.advanceTimersByTime(1_000);
    expect(heard).toEqual(["a fill"]);
    expect(current().url).toBe("/stream?after=42");
    expect(wires[0]?.closed).toBe(true);
  });

  it("waits longer after each failure, but never long", () => {
    const times: number[] = [];
    for (let failure = 0; failure < 8; failure++) {
      const before = wires.length;
      current().onerror?.();
      let waited = 0;
      while (wires.length === before) {
        vi.advanceTimersByTime(500);
        waited += 500;
      }
      times.push(waited);
    }
    expect(times).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  it("does not trust silence", () => {
    current().say("beat");
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(drops).toBe(0);
    vi.advanceTimersByTime(1);
    expect(drops).toBe(1);
    expect(wires[0]?.closed).toBe(true);
  });

  it("takes a beat for a sign of life, not for news", () => {
    for (let beat = 0; beat < 10; beat++) {
      vi.advanceTimersByTime(SILENCE_MS / 2);
      current().say("beat");
    }
    expect([drops, heard]).toEqual([0, []]);
  });

  it("opens again at once, without calling it an outage, when the server renews an old line", () => {
    current().say("end", '{"code": "renew"}');
    expect([wires.length, drops]).toEqual([2, 0]);
  });

  it("calls it an outage when the server ends the line for another reason", () => {
    current().say("end", '{"code": "unavailable"}');
    expect([wires.length, drops]).toEqual([1, 1]);
  });

  it("tries at once when the network is back", () => {
    current().onerror?.();
    line.retryNow();
    expect(wires).toHaveLength(2);
  });

  it("stays closed when it was closed", () => {
    line.close();
    vi.advanceTimersByTime(60_000);
    expect(wires).toHaveLength(1);
    expect(current().closed).toBe(true);
  });
});
