"""Reserved orders: taken during Korea's day, sent to the exchange at the US open (sheet 4.3 to 4.5).

KIS looks neither at money nor at holdings when it takes one, so a reservation can still fail at the open. It is
valid for one day, moves to the next business day on a US holiday, and cannot be amended: cancel and reserve anew.
"""

from datetime import date

from kis.client import KisClient, default_client
from kis.hours import reservations_accepted
from kis.overseas_orders import SEND_WITHIN_S
from kis.paging import complete, read_pages, repeated
from kis.sending import PreparedCall, lane_of, prepare_for
from kis.wire import reservation_answers, reservation_calls
from kis.wire.values import SEOUL
from market.orders import Listing, OrderTicket, Reservation, ReservationAccepted
from market.words import Lane

__all__ = [
    "Reservation",
    "ReservationAccepted",
    "cancel_reservation",
    "get_reservations",
    "prepare_reservation",
    "prepare_reservation_cancel",
    "read_reservations",
    "reservations_accepted",
    "reserve_order",
]


async def prepare_reservation(
    ticket: OrderTicket, *, lane: Lane = Lane.ENTRY, client: KisClient
) -> PreparedCall[ReservationAccepted]:
    """Everything of a reserved order but the write (4.3).

    A limit order, a sell at the market of the open (AT_OPEN without a price), or TWAP/VWAP until the close; paper
    has limits only. Nothing has been sent when it raises: InvalidOrder (a ValueError), NotInPaper, Throttled,
    Unreachable, ReadFailed, CredentialProblem. Outside of its hours (`reservations_accepted`) KIS itself refuses.
    """
    call = reservation_calls.reserve(client.config, ticket)
    return await prepare_for(reservation_answers.reserved, call, lane, client)


async def prepare_reservation_cancel(
    reservation_id: str, received_on: date, *, client: KisClient
) -> PreparedCall[ReservationAccepted]:
    """Everything of a reservation's cancel but the write (4.4). `received_on`: Korea's date when it was taken."""
    call = reservation_calls.cancel(client.config, reservation_id, received_on)
    return await prepare_for(reservation_answers.cancelled, call, Lane.EXIT, client)


async def reserve_order(ticket: OrderTicket, *, client: KisClient | None = None) -> ReservationAccepted:
    """Reserve an order. Raises as `overseas_orders.place_order`; keep number and day, a cancel needs both."""
    prepared = await prepare_reservation(ticket, lane=lane_of(ticket.side), client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def cancel_reservation(
    reservation_id: str, received_on: date, *, client: KisClient | None = None
) -> ReservationAccepted:
    """Cancel a reservation that has not gone to the exchange yet. Raises as `reserve_order`."""
    prepared = await prepare_reservation_cancel(reservation_id, received_on, client=client or default_client())
    return await prepared.send(within=SEND_WITHIN_S)


async def get_reservations(
    first: date | None = None, last: date | None = None, *, client: KisClient | None = None
) -> list[Reservation]:
    """Reservations taken in [first, last] (Korean dates, today's by default). Raises when some are missing."""
    client = client or default_client()
    today = client.clock().astimezone(SEOUL).date()
    return complete(await read_reservations(first or last or today, last or today, client=client, lane=Lane.TRACKING))


async def read_reservations(first: date, last: date, *, client: KisClient, lane: Lane) -> Listing[Reservation]:
    """The list of reservations, every page (4.5). Raises CredentialProblem, and NotInPaper on paper."""
    found = await read_pages(
        reservation_calls.reservations(client.config, first, last),
        reservation_answers.reservations,
        client=client,
        lane=lane,
    )
    found.spoiled |= repeated(found.rows)
    return found.listing(tuple(found.rows))
