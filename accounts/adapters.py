"""How sign-in behaves: nobody signs up by themselves, and MFA secrets are sealed."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from accounts.keys import keyring

MFA_SECRET = b"mfa_authenticator.data"


class AccountAdapter(DefaultAccountAdapter):
    """An admin makes people; the door has no sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """The house sends no mail: an admin sets a new password."""


class MFAAdapter(DefaultMFAAdapter):
    """allauth would keep TOTP secrets in clear."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(keyring().seal(text.encode(), aad=MFA_SECRET)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keyring().open(base64.b64decode(encrypted_text), aad=MFA_SECRET).decode()
