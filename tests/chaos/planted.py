"""`manage.py chaos` with a bug in every process that trades: `python tests/chaos/planted.py BUG [arguments]`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def resent_when_unknown() -> None:
    """What others did after a timeout: the order is sent again."""
    from market.words import Lane, Side
    from orders import submit

    write = submit._Sending._write

    async def twice(self, prepared):
        answer = await write(self, prepared)
        if answer.event is submit.Event.LOST and isinstance(answer.error, Exception):
            lane = Lane.EXIT if self.intent.side is Side.SELL else Lane.ENTRY
            again = await self.broker.prepare_order(submit._ticket(self.order), lane=lane)
            answer = await write(self, again)
        return answer

    submit._Sending._write = twice


def fills_forgotten() -> None:
    """Fills move the order and reach neither the executions nor what is held."""
    from orders import booking

    booking._write_fill = lambda *_args, **_kwargs: None


def silence_taken_for_proof() -> None:
    """An order of unknown outcome that one look does not show is taken for one that never was."""
    from orders import listing
    from orders.settlement import Finding, Settlement

    listing.settle = lambda *_args, **_kwargs: Settlement(Finding.NOT_SEEN)


def limits_not_counted() -> None:
    """The guards let every quantity through."""
    from orders import risk, submit

    def open_gate(intent, _facts, _only=None):
        return risk.Verdict((), intent.quantity, intent.quantity)

    submit.assess = open_gate


BUGS = {
    bug.__name__: bug for bug in (resent_when_unknown, fills_forgotten, silence_taken_for_proof, limits_not_counted)
}

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from bots.chaos.command import main

    sys.exit(main(sys.argv[2:], BUGS[sys.argv[1]]))
