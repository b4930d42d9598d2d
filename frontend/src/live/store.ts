import { Cursor } from "./cursor";
import { nextLive, STARTING, type LiveEvent, type LiveState } from "./state";

/** What this tab knows of the stream; one per page load. */
export class LiveStore {
  readonly cursor: Cursor;
  private state: LiveState = STARTING;
  private listeners = new Set<() => void>();

  constructor(start: number | null) {
    this.cursor = new Cursor(start);
  }

  readonly get = (): LiveState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  put(state: LiveState): void {
    this.state = state;
    this.listeners.forEach((listener) => listener());
  }

  happen(event: LiveEvent): void {
    this.put(nextLive(this.state, event));
  }
}
