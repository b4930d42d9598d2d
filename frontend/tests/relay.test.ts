import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { relay } from "@/server/relay";

const TIMING = { beatMs: 1_000, silenceMs: 5_000 };
const bytes = (text: string) => new TextEncoder().encode(text);

let api: ReadableStreamDefaultController<Uint8Array>;
let hungUp: number;
let reader: ReadableStreamDefaultReader<Uint8Array>;

const next = async () => {
  const { value, done } = await reader.read();
  return done ? "end" : new TextDecoder().decode(value);
};

beforeEach(async () => {
  vi.useFakeTimers();
  hungUp = 0;
  const upstream = new ReadableStream<Uint8Array>({ start: (controller) => void (api = controller) });
  reader = relay(upstream, () => hungUp++, TIMING).getReader();
  expect(await next()).toContain("event: beat"); // at once: the browser knows the line is there
});

afterEach(() => vi.useRealTimers());

describe("the relay of the stream", () => {
  it("passes the API's bytes on as they are", async () => {
    api.enqueue(bytes("id: 1\nevent: log\ndata: {}\n\n"));
    expect(await next()).toBe("id: 1\nevent: log\ndata: {}\n\n");
  });

  it("beats while the API is quiet", async () => {
    vi.advanceTimersByTime(TIMING.beatMs);
    expect(await next()).toContain("event: beat");
  });

  it("never beats inside an event that came in pieces", async () => {
    api.enqueue(bytes("id: 2\nevent: log\nda"));
    expect(await next()).toBe("id: 2\nevent: log\nda");
    vi.advanceTimersByTime(TIMING.beatMs * 3);
    api.enqueue(bytes("ta: {}\n"));
    expect(await next()).toBe("ta: {}\n");
    vi.advanceTimersByTime(TIMING.beatMs);
    api.enqueue(bytes("\n"));
    expect(await next()).toBe("\n");
    vi.advanceTimersByTime(TIMING.beatMs);
    expect(await next()).toContain("event: beat");
  });

  it("hangs up on the API when the browser goes", async () => {
    await reader.cancel();
    expect(hungUp).toBe(1);
  });

  it("ends when the API does", async () => {
    api.close();
    expect(await next()).toBe("end");
    expect(hungUp).toBe(1);
  });

  it("ends when the API breaks off, so that the browser resumes", async () => {
    api.error(new Error("reset"));
    expect(await next()).toBe("end");
  });

  it("ends when the API has been silent for too long", async () => {
    vi.advanceTimersByTime(TIMING.silenceMs + TIMING.beatMs);
    let last = await next();
    while (last.includes("beat")) last = await next();
    expect(last).toBe("end");
    expect(hungUp).toBeGreaterThan(0);
  });
});
