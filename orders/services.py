"""The front door: everything that changes orders."""

from orders.amend import CannotAmend, amend
from orders.asking import (
    CannotAsk,
    OrderFinal,
    held_text,
    must_confirm,
    request_amend,
    request_cancel,
    request_cancel_all,
    request_order,
    request_sell_out,
)
from orders.cancel import CannotCancel, cancel
from orders.facts import Seen
from orders.instructions import URGENT, carry_out_instructions
from orders.listing import TrackReport
from orders.prices import Prices
from orders.recover import recover, recover_orders
from orders.submit import DuplicateDecision, NotSubmitted, Vetoed, preview, submit
from orders.tending import tend_unfilled
from orders.track import on_notice, reconcile, track

__all__ = [
    "URGENT",
    "CannotAmend",
    "CannotAsk",
    "CannotCancel",
    "DuplicateDecision",
    "NotSubmitted",
    "OrderFinal",
    "Prices",
    "Seen",
    "TrackReport",
    "Vetoed",
    "amend",
    "cancel",
    "carry_out_instructions",
    "held_text",
    "must_confirm",
    "on_notice",
    "preview",
    "reconcile",
    "recover",
    "recover_orders",
    "request_amend",
    "request_cancel",
    "request_cancel_all",
    "request_order",
    "request_sell_out",
    "submit",
    "tend_unfilled",
    "track",
]
