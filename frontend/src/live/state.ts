export type Phase = "connecting" | "catching_up" | "live" | "offline";
export type LiveState = { phase: Phase; offlineSince: number | null };

export type LiveEvent = { type: "opened" } | { type: "caught_up" } | { type: "dropped"; at: number };

export const STARTING: LiveState = { phase: "connecting", offlineSince: null };

/** `offlineSince` is the first moment of the outage: retries that fail do not move it. */
export function nextLive(state: LiveState, event: LiveEvent): LiveState {
  switch (event.type) {
    case "opened":
      return { phase: "catching_up", offlineSince: null };
    case "caught_up":
      return state.phase === "catching_up" ? { phase: "live", offlineSince: null } : state;
    case "dropped":
      return { phase: "offline", offlineSince: state.offlineSince ?? event.at };
  }
}
