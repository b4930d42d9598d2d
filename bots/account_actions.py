"""Accounts in the admin with what stops them: halt, cancel all, sell out, each on a page that says what it means."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.admin import BrokerageAccountAdmin
from accounts.models import BrokerageAccount, User
from accounts.services import ConfirmationMismatch
from bots.halting import SELL_OUT_WORDS, halt, resume
from market.errors import Text
from orders.services import held_text, request_cancel_all
from theme.language import both, said


@dataclass(frozen=True, slots=True)
class Act:
    """One action: what its page says, what it does to each account, and whether words must be typed."""

    title: Text
    warning: Text
    do: Callable[[BrokerageAccount, User], object]
    typed: bool = False


def _sell_out(account: BrokerageAccount, by: User) -> object:
    return halt(by=by, account=account, sell_out=True, confirm=account.nickname)


ACTS = {
    "halt_accounts": Act(
        Text("거래 중지", "Halt"),
        Text(
            "새 주문이 나가지 않습니다. 보유 종목은 매도 조건 없이 남고, 나가 있는 주문은 그대로입니다.",
            "Nothing more is sent. Positions are left without exits, and orders that work go on working.",
        ),
        lambda account, by: halt(by=by, account=account),
    ),
    "resume_accounts": Act(
        Text("거래 재개", "Resume"),
        Text("켜진 규칙이 다시 주문합니다.", "Rules that are on send orders again."),
        lambda account, by: resume(by=by, account=account),
    ),
    "cancel_all_orders": Act(
        Text("모든 주문 취소", "Cancel all orders"),
        Text(
            "열린 주문을 모두 취소하도록 요청합니다. 규칙은 계속 새 주문을 낼 수 있습니다.",
            "Every open order is asked to be cancelled. Rules may still send new ones.",
        ),
        lambda account, by: request_cancel_all(account=account, by=by),
    ),
    "sell_everything": Act(
        Text("전량 매도", "Sell out"),
        Text(
            "열린 주문을 취소하고 보유 종목을 모두 팝니다. 다 팔면 거래를 중지합니다. 장이 닫혀 있으면 열릴 때 팝니다.",
            "Open orders are cancelled and everything held is sold; then trading is halted. While the market is closed "
            "it waits for the open.",
        ),
        _sell_out,
        typed=True,
    ),
}


def words_for(accounts: list[BrokerageAccount]) -> str:
    """What must be typed: the nickname of one account, for several words that nobody types by accident."""
    return accounts[0].nickname if len(accounts) == 1 else said(Text("전량 매도", "SELL OUT"))


def _must_mean_it(typed: str, accounts: list[BrokerageAccount]) -> None:
    if typed != words_for(accounts) and not (len(accounts) > 1 and typed in SELL_OUT_WORDS):
        raise ConfirmationMismatch


def _confirmed(
    page: "AccountAdmin", request: HttpRequest, chosen: QuerySet[BrokerageAccount], name: str
) -> HttpResponse | None:
    """Ask first; when it was confirmed do it, account by account."""
    act, accounts, wrong = ACTS[name], list(chosen.order_by("nickname")), ""
    if request.POST.get("apply"):
        try:
            if act.typed:
                _must_mean_it(request.POST.get("confirm", ""), accounts)
            for account in accounts:
                act.do(account, request.user)  # type: ignore[arg-type]
            page.message_user(request, f"{said(act.title)}: {', '.join(map(str, accounts))}", messages.SUCCESS)
            return None
        except ConfirmationMismatch as mismatch:
            wrong = said(mismatch.message)
    context = {
        **page.admin_site.each_context(request),
        "title": said(act.title),
        "warning": said(act.warning),
        "accounts": [(account, said(held_text(account))) for account in accounts],
        "action": name,
        "words": words_for(accounts) if act.typed else "",
        "wrong": wrong,
    }
    return TemplateResponse(request, "bots/confirm_action.html", context)


admin.site.unregister(BrokerageAccount)


@admin.register(BrokerageAccount)
class AccountAdmin(BrokerageAccountAdmin):
    """The same page with what only the bots' part of the house can do."""

    actions = list(ACTS)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Stopping and selling is no edit of the row; who may come in here operates every account."""
        return bool(request.user.is_superuser)

    @admin.action(description=both("거래 중지", "Halt"), permissions=["operate"])
    def halt_accounts(self, request: HttpRequest, chosen: QuerySet[BrokerageAccount]) -> HttpResponse | None:
        return _confirmed(self, request, chosen, "halt_accounts")

    @admin.action(description=both("거래 재개", "Resume"), permissions=["operate"])
    def resume_accounts(self, request: HttpRequest, chosen: QuerySet[BrokerageAccount]) -> HttpResponse | None:
        return _confirmed(self, request, chosen, "resume_accounts")

    @admin.action(description=both("모든 주문 취소", "Cancel all orders"), permissions=["operate"])
    def cancel_all_orders(self, request: HttpRequest, chosen: QuerySet[BrokerageAccount]) -> HttpResponse | None:
        return _confirmed(self, request, chosen, "cancel_all_orders")

    @admin.action(description=both("전량 매도", "Sell out"), permissions=["operate"])
    def sell_everything(self, request: HttpRequest, chosen: QuerySet[BrokerageAccount]) -> HttpResponse | None:
        return _confirmed(self, request, chosen, "sell_everything")
