"""The front door: everything that changes orders."""

from orders.cancel import CannotCancel, cancel
from orders.facts import Seen
from orders.instructions import OrderFinal, carry_out_instructions, request_cancel
from orders.listing import TrackReport
from orders.recover import recover
from orders.submit import DuplicateDecision, NotSubmitted, Vetoed, preview, submit
from orders.track import on_notice, reconcile, track

__all__ = [
    "CannotCancel",
    "DuplicateDecision",
    "NotSubmitted",
    "OrderFinal",
    "Seen",
    "TrackReport",
    "Vetoed",
    "cancel",
    "carry_out_instructions",
    "on_notice",
    "preview",
    "reconcile",
    "recover",
    "request_cancel",
    "submit",
    "track",
]
