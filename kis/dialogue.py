"""What we say on the WebSocket: one message and its reply at a time, with the approval key in each (sheet 5.2, 5.3)."""

import asyncio
from collections.abc import Awaitable, Callable

from kis import codes
from kis.client import KisClient, default_client
from kis.connection import Connection, Lost
from kis.journal import Journal
from kis.registrations import Registration
from kis.wire import frames

REPLY_S = 5.0

Approval = Callable[[], Awaitable[str]]


class Dialogue:
    """The registrations' way to KIS."""

    def __init__(self, approval: Approval | KisClient | None, connection: Connection, journal: Journal) -> None:
        """`approval`: a client, whose approval key is shared, or what gives one, asked once a connection;
        None: the client of the `KIS_*` variables."""
        self._approval, self._connection, self._journal = approval, connection, journal
        self._key = ""
        self._asked: tuple[Registration, asyncio.Future[frames.Control]] | None = None

    async def begin(self) -> None:
        """The approval key for a new connection. Raises CredentialProblem, Unreachable, ReadFailed, Throttled."""
        if self._approval is None:
            self._approval = default_client()
        if isinstance(self._approval, KisClient):
            self._key = await self._approval.approvals.ensure()
        else:
            self._key = await self._approval()
        self._journal.mask.learn(self._key)

    async def ask(self, registration: Registration, tr_type: str) -> frames.Control:
        """Send one message and await its reply. Raises Lost."""
        reply: asyncio.Future[frames.Control] = asyncio.get_running_loop().create_future()
        self._asked = (registration, reply)
        try:
            await self._connection.send(
                frames.registration(self._key, tr_type, registration.tr_id, registration.tr_key)
            )
            answer = await asyncio.wait_for(reply, REPLY_S)
        except TimeoutError as error:
            raise Lost("no reply") from error
        finally:
            self._asked = None
        self._journal.note(
            "kis.registration", tr_id=registration.tr_id, tr_type=tr_type, msg_cd=answer.code, msg1=answer.message
        )
        return answer

    def hear(self, reply: frames.Control) -> None:
        """A control message came. Errors do not say what they are about: they answer what was asked last.

        What bears none of KIS's codes answers nothing: the reply may still come.
        """
        if self._asked is None or self._asked[1].done() or not codes.WS_CODE.fullmatch(reply.code):
            return
        registration, answer = self._asked
        if reply.names_nothing or registration == Registration(reply.tr_id, reply.tr_key):
            answer.set_result(reply)

    async def renew_approval(self) -> None:
        """KIS does not know the approval key: the next connection has another. Raises Lost."""
        if isinstance(self._approval, KisClient):
            await self._approval.approvals.refused(self._key)
        self._connection.end()
        raise Lost("the approval key was refused")

    def is_good(self) -> None:
        """KIS took a registration."""
        self._connection.is_good()

    def wait_if_lost(self, seconds: float) -> None:
        """Should this connection end, the next one comes no sooner than this."""
        self._connection.wait_if_lost(seconds)
