/**
 * Carries a stream of server-sent events from the API to a browser. Between events it says `beat` now and then, so that
 * the browser can tell a quiet market from a dead line; and it ends when the API falls silent, so that the browser resumes.
 */
const BEAT = new TextEncoder().encode("event: beat\ndata: {}\n\n");
const NEWLINE = 10;

type Timing = { beatMs: number; silenceMs: number };

export function relay(upstream: ReadableStream<Uint8Array>, hangUp: () => void, { beatMs, silenceMs }: Timing): ReadableStream<Uint8Array> {
  const reader = upstream.getReader();
  let between = true; // an event's bytes may arrive in pieces; a beat never lands inside one
  let tail = NEWLINE;
  let timer: ReturnType<typeof setInterval>;
  let heard = Date.now();

  let over = false;

  const stop = () => {
    if (over) return;
    over = true;
    clearInterval(timer);
    hangUp();
    void reader.cancel().catch(() => undefined);
  };

  const note = (chunk: Uint8Array) => {
    heard = Date.now();
    const last = chunk.at(-1);
    const before = chunk.length > 1 ? chunk.at(-2) : tail;
    between = last === NEWLINE && before === NEWLINE;
    if (last !== undefined) tail = last;
  };

  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(BEAT);
      timer = setInterval(() => {
        if (Date.now() - heard > silenceMs) {
          stop();
          controller.close();
        } else if (between) controller.enqueue(BEAT);
      }, beatMs);
    },
    async pull(controller) {
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (over) return;
      if (done || value === undefined) {
        stop();
        controller.close();
      } else {
        note(value);
        controller.enqueue(value);
      }
    },
    cancel: stop,
  });
}
