"""The canonical rich text of the whole product, and every way into and out of it.

Stored rich text is a strict subset of HTML: ``p``, ``ul``, ``ol``, ``li`` (lists two levels deep), ``strong``, ``em``,
``a`` with an http, https or mailto ``href``, and ``br``; no other attribute. Items hold their words directly, nothing
is empty, no space hangs on the edge of a block or link, and only ``&``, ``<`` and ``>`` are entities. One text has one
form: cleaning it again changes nothing, and neither does going through light Markdown and back.
"""

from collections.abc import Iterator

from issues.richtext import markup, model, pages
from issues.richtext.model import Block, Item, List, Paragraph, Run

__all__ = [
    "Block",
    "Item",
    "List",
    "Paragraph",
    "Run",
    "clean",
    "clean_inline",
    "from_markup",
    "inline_from_markup",
    "inline_to_markup",
    "items",
    "parse",
    "parse_inline",
    "plain",
    "shape",
    "to_markup",
    "words",
]


def clean(html: str) -> str:
    """Canonical rich text of any HTML, however hostile or broken; headings become paragraphs, pictures go."""
    return model.html(model.compose(pages.strips(html)))


def clean_inline(html: str) -> str:
    """Canonical inline rich text (strong, em, a, br) of any HTML; a line break stands where a block ended."""
    return model.inline_html(model.tidy(pages.words_of(pages.strips(html))))


def from_markup(text: str) -> str:
    """Canonical rich text of light Markdown, as an editor types it."""
    return model.html(model.compose(markup.strips(text)))


def to_markup(html: str) -> str:
    """Light Markdown of canonical rich text; ``from_markup`` gives the same rich text back."""
    return markup.write(parse(html))


def inline_from_markup(text: str) -> str:
    """Canonical inline rich text of one fragment of light Markdown."""
    return model.inline_html(markup.inline_runs(text))


def inline_to_markup(html: str) -> str:
    """Light Markdown of canonical inline rich text."""
    return markup.write_inline(parse_inline(html))


def parse(html: str) -> tuple[Block, ...]:
    """Canonical rich text as paragraphs and lists. Never give it HTML from outside: that is for ``clean``."""
    return model.compose(pages.flatten(html))


def parse_inline(html: str) -> tuple[Run, ...]:
    """Canonical inline rich text as runs; blocks are parted by a line break."""
    return model.tidy(pages.words_of(pages.flatten(html)))


def items(html: str) -> tuple[str, ...]:
    """Every paragraph and list item of canonical rich text as inline rich text, in reading order."""
    return tuple(model.inline_html(runs) for block in parse(html) for runs in _words(block))


def _words(block: Block | List) -> Iterator[tuple[Run, ...]]:
    if isinstance(block, Paragraph):
        yield block.runs
        return
    for item in block.items:
        yield item.runs
        for inner in item.lists:
            yield from _words(inner)


def plain(html: str) -> str:
    """The words alone; every block, item and line break begins a new line."""
    return model.text_of(parse_inline(html))


def words(html: str) -> int:
    """How many words a reader reads."""
    return len(plain(html).split())


def shape(html: str) -> list[str]:
    """What the blocks are: "p", "ul:3" or "ol:2" with the number of items at the first level."""
    return [_shape(block) for block in parse(html)]


def _shape(block: Block) -> str:
    if isinstance(block, Paragraph):
        return "p"
    return f"{'ol' if block.ordered else 'ul'}:{len(block.items)}"
