"""Korean or English, whichever the person reading has chosen."""

from django.utils.functional import lazystr
from django.utils.translation import get_language

from market.errors import Text


def said(text: Text) -> str:
    """The sentence in the language of this request; Korean when none was chosen."""
    return text.en if (get_language() or "ko").startswith("en") else text.ko


def both(ko: str, en: str) -> str:
    """A label that is chosen when it is shown: for titles and descriptions of the admin."""
    return lazystr(_Label(Text(ko, en)))


class _Label:
    def __init__(self, text: Text) -> None:
        self._text = text

    def __str__(self) -> str:
        return said(self._text)
