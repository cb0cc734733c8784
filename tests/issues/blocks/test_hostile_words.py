"""Whatever a tab sends as the words of a block is read, kept as unreadable, or refused in a sentence."""

import json
import re
import uuid
from typing import Any

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from issues import richtext
from issues.blocks import registry, typed
from issues.blocks.base import Placed
from issues.blocks.fields import RichItems, RichText
from issues.rendering.render import render_block, render_text
from issues.snapshot import Block
from tests.issues.sample import snapshot
from tests.make import make_issue

pytestmark = pytest.mark.django_db
KINDS = [kind.kind for kind in registry.kinds()]

TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "br"}
SAID = [
    "<p onclick=alert(1)>Hello <script>alert(1)</script><b>you</b></p>",
    '<a href="javascript:alert(1)">x</a><img src=x onerror=alert(1)>',
    '<svg><style><img title="</style><img src onerror=alert(1)>">',
    "<p>%%UNSUBSCRIBE%%</p>",
    "[x](javascript:alert(1))",
    "2031-02-30", "0001-01-01", "9999-12-31", "25:61", "02:30", "Europe/Copenhagen", "../../etc/passwd",
    "$30M", "1e999999", "9" * 400, "-1", "99999999999999999999", "٣", "on", "\ud800", "a\x00b", "\u2028", "x" * 5000,
    "https://example.com/\ud83d", "mailto:a@b.example", "a@b.example\r\nBcc: c@d.example",
]  # fmt: skip
texts = st.one_of(st.sampled_from(SAID), st.text(st.characters(), max_size=60))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def of_shape(field: Any) -> st.SearchStrategy[Any]:
    """Words as the field wants them, with anything in them."""
    if hasattr(field, "row_data"):
        columns = field.widget.formset.form.base_fields
        return st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(columns, texts)), max_size=3)
    return texts | st.booleans()


@st.composite
def words(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(KINDS))
    fields = registry.kind(name).form.base_fields
    near = st.fixed_dictionaries({}, optional={key: of_shape(field) for key, field in fields.items()})
    far = st.dictionaries(st.sampled_from(sorted(fields)) | texts, anything, max_size=4)
    return name, draw(near | far)


@settings(max_examples=400, deadline=None)
@given(words())
@example(("financial_corner", {"rounds": [{"company": "x"}] * 5000}))
@example(("image", {"image": "9" * 30}))
@example(("byline", {"contributor": "9" * 30}))
@example(("greeting", {"today": "a\x00b\ud800"}))
def test_any_words_become_a_block_or_a_sentence(given_words):
    name, said = given_words
    kind = registry.kind(name)
    try:
        form = kind.form.saying(said, prefix="b")
    except typed.Malformed:
        return
    form.is_valid()
    data = form.to_data(kind.sample)
    assert kind.load(json.loads(_storable(kind.dump(data)))) == data
    _storable(form.unread)
    _storable(form.words)
    _storable(form.mistakes)
    _shows(Placed(uuid.UUID(int=1), name, data))
    for field in kind.form.base_fields:
        if isinstance(kind.form.base_fields[field], RichText | RichItems):
            _is_clean(getattr(data, field))


def _storable(value: Any) -> str:
    """As JSON that every database takes: no NUL, no half of a pair."""
    stored = json.dumps(value, ensure_ascii=False)
    stored.encode()
    assert "\\u0000" not in stored
    return stored


def _shows(placed: Placed[Any]) -> None:
    """Every template can show it, and so can those that ask for problems."""
    kind = registry.kind(placed.kind)
    kind.summary(placed.data)
    block = Block(placed.uid, placed.kind, placed.data, {})
    taken = snapshot(blocks=(block,))
    for engine, file in (("email_html", "email.html"), ("web", "web.html"), ("web", "card.html")):
        assert "<script" not in render_block(engine, file, block, taken).lower()
    render_text(taken)


def _is_clean(rich: str | tuple[str, ...]) -> None:
    """What nh3 allows is all that there is, and cleaning again changes nothing."""
    for html in (rich,) if isinstance(rich, str) else rich:
        allowed = nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}},
            url_schemes={"http", "https", "mailto"},
            link_rel=None,
        )
        assert _tags(allowed) == _tags(html)
        assert (richtext.clean(html) if isinstance(rich, str) else richtext.clean_inline(html)) == html


def _tags(html: str) -> list[str]:
    return re.findall(r"<[^<>]*>", html)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("said", [None, True, 3, 2.5, [], {}, [[]], ["a"], {"a": 1}])
def test_words_of_another_shape_are_refused_by_the_name_of_the_field(name, said):
    kind = registry.kind(name)
    for field in kind.form.showing(kind.data(), prefix="b").words:
        if said == [] or (said is True and field == "decorative"):
            continue  # no rows, and a box that is ticked
        with pytest.raises(typed.Malformed, match=field):
            kind.form.saying({field: said}, prefix="b")


def test_words_nested_too_deep_to_be_shown_are_refused_as_well():
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    for name, words in [("greeting", {"body": deep}), ("financial_corner", {"rounds": [{"amount": deep}]})]:
        with pytest.raises(typed.Malformed):
            registry.kind(name).form.saying(words, prefix="b")


def test_a_plain_post_with_a_nul_is_kept_without_it():
    kind = registry.kind("quote")
    form = kind.form({"b-attribution": "Mads\0 Rohde"}, prefix="b")
    form.is_valid()
    assert form.unread == {"attribution": "Mads Rohde"}


def test_whatever_a_block_says_its_problems_are_sentences():
    issue = make_issue(blocks=())
    for kind in registry.kinds():
        for data in (kind.sample, kind.data()):
            problems = kind.problems(issue, [Placed(uuid.UUID(int=1), kind.kind, data)])
            assert all(each.sentence.endswith((".", "?")) for each in problems)
