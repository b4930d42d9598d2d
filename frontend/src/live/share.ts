/**
 * One stream per browser, however many tabs are open: browsers allow six connections to a server, and a stream holds one for
 * good. The tab that holds the lock keeps the line and tells the others; when it closes, another takes the lock.
 */
export type Shared<Message> = { tell: (message: Message) => void; leave: () => void };

type Options<Message> = {
  name: string;
  onLead: () => () => void;
  onTold: (message: Message) => void;
  onJoin: () => void;
};

type Wire<Message> = { told: Message } | { joined: true };

export function share<Message>({ name, onLead, onTold, onJoin }: Options<Message>): Shared<Message> {
  // Without locks (plain http on another host) each tab keeps its own line and tells nobody.
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return { tell: () => undefined, leave: onLead() };

  const channel = new BroadcastChannel(name);
  const gone = new AbortController();
  let leading = false;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let stopLeading: () => void = () => undefined;

  channel.onmessage = ({ data }: MessageEvent<Wire<Message>>) => {
    if ("joined" in data) {
      if (leading) onJoin();
    } else if (!leading) onTold(data.told);
  };
  channel.postMessage({ joined: true } satisfies Wire<Message>);

  locks
    .request(name, { signal: gone.signal }, () => {
      leading = true;
      stopLeading = onLead();
      return held;
    })
    .catch(() => undefined); // left before the lock came

  return {
    tell: (message) => channel.postMessage({ told: message } satisfies Wire<Message>),
    leave: () => {
      leading = false;
      stopLeading();
      gone.abort();
      release();
      channel.close();
    },
  };
}
