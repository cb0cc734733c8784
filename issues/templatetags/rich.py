"""Filters of the HTML templates; built in, no ``{% load %}`` needed."""

import re
from decimal import Decimal

from django import template
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe

from issues import richtext
from issues.commenting import MENTION
from newsroom.lib import text
from newsroom.lib.people import called

register = template.Library()
_LINK = re.compile(r"(<a .*?</a>)", re.DOTALL)


@register.filter
def rich(html: str) -> SafeString:
    """Stored rich text. It passes the allow-list once more: a row may be older than today's rules."""
    return mark_safe(richtext.clean(html))  # noqa: S308


@register.filter
def rich_inline(html: str) -> SafeString:
    """Stored inline rich text, the same way."""
    return mark_safe(richtext.clean_inline(html))  # noqa: S308


@register.filter
def sponsored(html: str) -> SafeString:
    """Rich text whose every link is marked as paid for."""
    return mark_safe(richtext.clean(html).replace("<a href=", '<a rel="sponsored" href='))  # noqa: S308


@register.filter
def talk(words: str) -> SafeString:
    """What a colleague said: plain words with their lines, addresses as links, and colleagues marked."""
    pieces = _LINK.split(urlize(escape(words), nofollow=True))
    # Every second piece is a link: an address may say @edith, too, and is no place for a mark.
    pieces[::2] = [MENTION.sub(r'<strong class="mention">\g<0></strong>', piece) for piece in pieces[::2]]
    return mark_safe("".join(pieces).replace("\n", "<br>"))  # noqa: S308


register.filter("called", called)


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    return text.money(amount, currency)


@register.filter
def listed(items: tuple[str, ...]) -> str:
    return text.listed(items)


@register.filter
def absolute(path: str, site: str) -> str:
    """A site-relative address as readers of mail need it."""
    return path if path.startswith("http") else site + path


@register.filter
def sentence(words: str) -> str:
    """Words with a full stop, unless they end in a mark already."""
    return words if not words or words[-1] in '.!?…:”"' else f"{words}."
