"""Orders of the daytime session (주간거래), with their own functions (sheet 4.6); real side only.

Which functions an order needs is decided by the session in which it was placed, not by the one in which it is
changed: a daytime order is amended and cancelled here, all others in `overseas_orders`. The wrong one is answered
`Refused` with the code `WRONG_SESSION`, which also stands for a closed market, so nothing is sent again from here.
"""

from kis.client import KisClient, default_client
from kis.overseas_orders import SEND_WITHIN_S
from kis.sending import PreparedCall, lane_of, prepare
from kis.wire import order_calls
from market.orders import AmendTicket, CancelTicket, OrderAccepted, OrderTicket
from market.words import Lane

WRONG_SESSION = "APBK0918"  # 8.3


async def prepare_daytime_order(
    ticket: OrderTicket, *, lane: Lane = Lane.ENTRY, client: KisClient
) -> PreparedCall[OrderAccepted]:
    """Everything of a daytime limit order but the write (4.6). Raises as `overseas_orders.prepare_order`.

    KIS takes only symbols whose instrument info says so (`dtm_tr_psbl_yn`); others are refused with APBK0656.
    """
    return await prepare(order_calls.daytime_order(client.config, ticket), lane, client)


async def prepare_daytime_amend(
    ticket: AmendTicket, *, lane: Lane = Lane.ENTRY, client: KisClient
) -> PreparedCall[OrderAccepted]:
    """Everything of an amend of a daytime order but the write (4.6). Raises as `prepare_daytime_order`."""
    return await prepare(order_calls.daytime_amend(client.config, ticket), lane, client)


async def prepare_daytime_cancel(ticket: CancelTicket, *, client: KisClient) -> PreparedCall[OrderAccepted]:
    """Everything of a cancel of a daytime order but the write (4.6), in the most urgent lane.

    That quantity "0" means all is documented for the other cancel only: give the open quantity when it is known.
    """
    return await prepare(order_calls.daytime_cancel(client.config, ticket), Lane.EXIT, client)


async def place_daytime_order(ticket: OrderTicket, *, client: KisClient | None = None) -> OrderAccepted:
    """Place a daytime limit order. Raises as `overseas_orders.place_order`; NotInPaper on paper."""
    prepared = await prepare_daytime_order(ticket, lane=lane_of(ticket.side), client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def amend_daytime_order(ticket: AmendTicket, *, client: KisClient | None = None) -> OrderAccepted:
    """Give what is open of a daytime order another quantity and price. Raises as `place_daytime_order`."""
    prepared = await prepare_daytime_amend(ticket, client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def cancel_daytime_order(ticket: CancelTicket, *, client: KisClient | None = None) -> OrderAccepted:
    """Cancel a daytime order. Raises as `place_daytime_order`."""
    prepared = await prepare_daytime_cancel(ticket, client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)
