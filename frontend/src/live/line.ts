/** One line to the journal's stream: kept open, reopened from where it broke, and not trusted when it is silent. */

export const EVENTS = ["log", "order", "fill", "position", "account"] as const;
const BEAT = "beat";
/** The API's last word before it ends a stream. Old or slow lines are simply opened again; the rest is a drop. */
const END = "end";
const AGAIN = /"code":\s*"(renew|slow)"/;

export const SILENCE_MS = 20_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;

export type Source = {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
  close(): void;
};

export type LineOptions = {
  open: (url: string) => Source;
  url: string;
  position: () => number | null;
  onOpen: () => void;
  onMessage: (data: string) => void;
  onDrop: () => void;
};

export type Line = { close: () => void; retryNow: () => void };

export function keepLine({ open, url, position, onOpen, onMessage, onDrop }: LineOptions): Line {
  let source: Source | null = null;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;

  const hangUp = () => {
    clearTimeout(silence);
    source?.close();
    source = null;
  };

  const drop = () => {
    if (source === null) return;
    hangUp();
    onDrop();
    const wait = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
    failures += 1;
    retry = setTimeout(connect, wait);
  };

  const heard = () => {
    failures = 0;
    clearTimeout(silence);
    silence = setTimeout(drop, SILENCE_MS);
  };

  function connect(): void {
    clearTimeout(retry);
    retry = undefined;
    const from = position();
    const mine = open(from === null ? url : `${url}?after=${from}`);
    source = mine;
    silence = setTimeout(drop, SILENCE_MS);
    mine.onopen = onOpen;
    mine.onerror = drop;
    mine.addEventListener(BEAT, heard);
    mine.addEventListener(END, ({ data }) => {
      if (!AGAIN.test(data)) return drop();
      hangUp();
      connect();
    });
    for (const name of EVENTS) {
      mine.addEventListener(name, (event) => {
        heard();
        onMessage(event.data);
      });
    }
  }

  connect();
  return {
    close: () => {
      clearTimeout(retry);
      hangUp();
    },
    retryNow: () => {
      if (retry !== undefined) connect();
    },
  };
}
