"""Fills make holdings: quantity, average price, profit and loss. Pure. US dollars as Decimal, whole shares."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from market.words import Side

ZERO = Decimal(0)
PRICE_STEP = Decimal("0.00000001")
MONEY_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Book:
    """What is held of one symbol. `avg_price` is without fees, as the broker counts; None when nothing is held."""

    quantity: int = 0
    avg_price: Decimal | None = None
    realized_pnl: Decimal = ZERO

    @property
    def cost(self) -> Decimal:
        return self.quantity * self.avg_price if self.avg_price is not None else ZERO


@dataclass(frozen=True, slots=True)
class Booked:
    """The book after a fill, what the fill realised (fees taken off), and shares sold that were not in the book."""

    book: Book
    realized: Decimal
    beyond: int = 0


def after_fill(book: Book, side: Side, quantity: int, price: Decimal, fee: Decimal = ZERO) -> Booked:
    """Book one fill. Every fee is a loss at once, so that realised and unrealised profit add up to the equity.

    A sale beyond the book never fails: the fill is a fact, so what was there is sold and the rest is told.
    Raises ValueError for a quantity or price that is not above zero.
    """
    if quantity <= 0 or price <= 0:
        raise ValueError("a fill has a quantity and a price above zero")
    return _bought(book, quantity, price, fee) if side is Side.BUY else _sold(book, quantity, price, fee)


def unrealized(book: Book, last_price: Decimal | None) -> Decimal:
    """What selling at `last_price` would realise, fees aside; 0 when the price is not known."""
    if last_price is None or book.avg_price is None:
        return ZERO
    return _money((last_price - book.avg_price) * book.quantity)


def merged(book: Book, quantity: int, price: Decimal | None) -> Book:
    """The book after shares came from elsewhere, or left (negative): they realise nothing here."""
    total = max(0, book.quantity + quantity)
    if total == 0:
        return Book(0, None, book.realized_pnl)
    if quantity <= 0 or price is None or book.avg_price is None:
        return Book(total, book.avg_price if book.avg_price is not None else price, book.realized_pnl)
    return Book(total, _average(book.cost + quantity * price, total), book.realized_pnl)


def _bought(book: Book, quantity: int, price: Decimal, fee: Decimal) -> Booked:
    total = book.quantity + quantity
    average = _average(book.cost + quantity * price, total)
    return Booked(Book(total, average, book.realized_pnl - fee), -fee)


def _sold(book: Book, quantity: int, price: Decimal, fee: Decimal) -> Booked:
    there = min(quantity, book.quantity)
    average = book.avg_price if book.avg_price is not None else price
    realized = _money((price - average) * there - fee)
    left = book.quantity - there
    after = Book(left, book.avg_price if left else None, book.realized_pnl + realized)
    return Booked(after, realized, quantity - there)


def _average(cost: Decimal, quantity: int) -> Decimal:
    return (cost / quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN)


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(MONEY_STEP, ROUND_HALF_EVEN)
