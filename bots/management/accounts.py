"""How commands name an account: by its id or its nickname."""

from uuid import UUID

from django.core.management.base import CommandError

from accounts.models import BrokerageAccount


def find_account(word: str) -> BrokerageAccount:
    """The one account with this id or nickname; CommandError says what was expected otherwise."""
    accounts = BrokerageAccount.objects.filter(**_by(word))
    if len(accounts) == 1:
        return accounts[0]
    names = ", ".join(BrokerageAccount.objects.values_list("nickname", flat=True)) or "-"
    problem = "여러 개입니다" if accounts else "없습니다"
    raise CommandError(
        f"'{word}' 계좌가 {problem}. 계좌 ID나 별명을 쓰세요 (있는 것: {names}). / "
        f"{len(accounts)} accounts are called '{word}'; give an id or a nickname (there are: {names})."
    )


def _by(word: str) -> dict:
    try:
        return {"pk": UUID(word)}
    except ValueError:
        return {"nickname": word}
