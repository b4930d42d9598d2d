"""Orders and their like on their way out: everything slow first, then one write (safety rules 1.5)."""

import contextlib
from collections.abc import Callable

from kis import errors, hashkey
from kis.client import KisClient
from kis.throttle import Slot
from kis.token_store import AccessToken
from kis.transport import Line, is_of_the_ledger, uptime
from kis.wire import order_answers
from kis.wire.answers import Answer
from kis.wire.calls import Call
from market.orders import OrderAccepted
from market.words import Lane, Side


class PreparedCall[T]:
    """An order or its like ready to be written: token, hash, rate slot and connection are in hand."""

    def __init__(
        self,
        client: KisClient,
        call: Call,
        line: Line,
        slot: Slot,
        accepted: Callable[[Answer], T | None],
        *,
        token: AccessToken,
        body_hash: str,
        lane: Lane,
    ) -> None:
        self._client, self._call, self._line, self._slot, self._accepted = client, call, line, slot, accepted
        self._token, self._hash, self._lane = token, body_hash, lane
        self._spent = False

    async def send(self, *, within: float) -> T:
        """Write it, once; see `market.broker.Prepared`. `within`: seconds on a clock that counts sleep."""
        deadline = uptime() + within
        self._spend()
        refused = ""
        try:
            answer = await self._client.transport.write_once(
                self._call,
                self._line,
                token=self._token.value,
                body_hash=self._hash,
                deadline=deadline,
                lane=self._lane.value,
            )
            refused = errors.rate_refusal(answer)
        finally:
            self._slot.done(refused)
            self._line.release()
        accepted = self._accepted(answer)
        if accepted is not None:
            return accepted
        if errors.is_token_refusal(answer):
            with contextlib.suppress(Exception):  # whatever the store of tokens says: the order was not taken
                await self._client.tokens.refused(self._token)
        raise errors.order_error(answer)

    async def discard(self) -> None:
        """It will not be sent. Harmless after `send`. The rate slot has passed, the connection goes back."""
        if not self._spent:
            self._spend()
            self._slot.done()
            self._line.release()

    def _spend(self) -> None:
        if self._spent:
            raise RuntimeError("this request was sent or discarded already")
        self._spent = True


def lane_of(side: Side) -> Lane:
    """A sell lets somebody out: it goes before entries."""
    return Lane.EXIT if side is Side.SELL else Lane.ENTRY


async def prepare(call: Call, lane: Lane, client: KisClient) -> PreparedCall[OrderAccepted]:
    """Token, connection, hash and rate slot for `call`. Nothing of it has been sent when this raises."""
    return await prepare_for(order_answers.accepted, call, lane, client)


async def prepare_for[T](
    accepted: Callable[[Answer], T | None], call: Call, lane: Lane, client: KisClient
) -> PreparedCall[T]:
    """The same for a call whose answer is read by `accepted`: None from it means that nothing is proved."""
    token = await client.tokens.ensure()
    line = await client.transport.line()
    try:
        if client.hashkey_required:
            # On the same line: its connection is then open and just used.
            body_hash = await hashkey.sign_order_async(call.fields, client=client, lane=lane, line=line)
        else:
            body_hash = ""
            await client.transport.open(line)
        slot = await client.budget.take(lane, ledger=is_of_the_ledger(call))
    except BaseException:
        line.release()
        raise
    return PreparedCall(client, call, line, slot, accepted, token=token, body_hash=body_hash, lane=lane)
