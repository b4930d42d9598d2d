import type { Order } from "@/api/types";
import type { Tone } from "@/shared/ui/badge";

/** Total on purpose: a new state on the server does not compile until it has a look. */
export const STATUS_TONE = {
  intent: "muted",
  submitting: "info",
  working: "info",
  partially_filled: "info",
  filled: "good",
  cancelled: "muted",
  rejected: "bad",
  expired: "muted",
  not_sent: "muted",
  not_seen: "warn",
  unknown: "warn",
  pending_cancel: "info",
  pending_amend: "info",
} satisfies Record<Order["status"], Tone>;

/** A cancel can be asked for while the broker holds the order and none is on its way. */
export const CANCELLABLE = {
  intent: false,
  submitting: false,
  working: true,
  partially_filled: true,
  filled: false,
  cancelled: false,
  rejected: false,
  expired: false,
  not_sent: false,
  not_seen: false,
  unknown: false,
  pending_cancel: false,
  pending_amend: false,
} satisfies Record<Order["status"], boolean>;

export const STATUSES = Object.keys(STATUS_TONE) as Order["status"][];
