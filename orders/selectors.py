"""Which orders and fills a person may see."""

from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied

from accounts.models import Role, User
from accounts.selectors import accounts_for, operable_account
from orders.models import Execution, Order


def orders_for(user: User) -> QuerySet[Order]:
    """Orders of every account that the person may read."""
    return Order.objects.filter(account__in=accounts_for(user))


def executions_for(user: User) -> QuerySet[Execution]:
    """Fills of every account that the person may read."""
    return Execution.objects.filter(account__in=accounts_for(user))


def readable_order(user: User, order_id: UUID | str) -> Order | None:
    """The order with its account, or None: what is not yours to see does not exist."""
    return orders_for(user).select_related("account").filter(pk=order_id).first()


def may_operate(user: User, order: Order) -> bool:
    """Whether the person may also decide about the order."""
    if user.role == Role.VIEWER:
        return False
    try:
        return operable_account(user, order.account_id) is not None
    except PermissionDenied:
        return False


def operable_order(user: User, order_id: UUID | str) -> Order | None:
    """The order, for cancelling it. None when it may not be seen; raises PermissionDenied when only that."""
    order = readable_order(user, order_id)
    if order is not None:
        operable_account(user, order.account_id)
    return order
