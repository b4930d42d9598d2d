"""{% load bamsae %}: sentences in the reader's language."""

from django import template

from market.errors import Text
from theme.language import said

register = template.Library()


@register.filter(name="said")
def _said(text: Text) -> str:
    """`{{ card.title|said }}`: Korean or English."""
    return said(text)


@register.simple_tag
def ko_en(ko: str, en: str) -> str:
    """`{% ko_en "열기" "Open" %}`: for sentences that live in a template."""
    return said(Text(ko, en))
