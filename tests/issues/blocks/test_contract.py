"""What every block kind promises, checked for each that is installed."""

import dataclasses
import json
import uuid

import pytest
from django.http import QueryDict

from issues.blocks import registry, typed
from issues.blocks.base import Placed, UnknownKind
from issues.blocks.fields import ROWS_AT_MOST, RichItems, RichText
from issues.blocks.financial_corner.block import Round
from issues.rendering import render
from issues.rendering.render import render_block, render_text
from issues.snapshot import standing
from newsroom.lib.errors import Refused
from tests.issues.sample import block, snapshot
from tests.make import make_block, make_issue
from tests.posting import posted

pytestmark = pytest.mark.django_db
KINDS = [kind.kind for kind in registry.kinds()]
every_kind = pytest.mark.parametrize("name", KINDS)


def test_every_kind_of_the_first_issue_is_there():
    assert set(KINDS) >= {
        "greeting", "lead_story", "story", "bullets", "sponsor_slot", "event_promo",
        "financial_corner", "link_roundup", "byline", "image", "quote", "sign_off",
    }  # fmt: skip


@every_kind
def test_its_folder_is_complete(name):
    files = {path.name for path in registry.kind(name).folder.iterdir()}
    assert files >= {"block.py", "email.html", "email.txt", "web.html", "card.html", "tests.py"}


@every_kind
def test_it_introduces_itself(name):
    kind = registry.kind(name)
    assert all([kind.label, kind.icon, kind.hint])
    assert dataclasses.is_dataclass(kind.data)
    assert kind.data.__dataclass_params__.frozen
    assert isinstance(kind.sample, kind.data)
    assert len(kind.upgrades) == kind.version - 1


@every_kind
def test_its_icon_is_in_the_sprite(name, settings):
    sprite = (settings.BASE_DIR / "templates/desk/icons.svg").read_text()
    assert f'id="icon-{registry.kind(name).icon}"' in sprite


# Data


@every_kind
def test_data_survives_json(name):
    kind = registry.kind(name)
    assert kind.load(json.loads(json.dumps(kind.dump(kind.sample)))) == kind.sample


@every_kind
def test_hostile_json_is_refused_in_a_sentence(name):
    kind = registry.kind(name)
    for raw in ([], "x", {field.name: object() for field in dataclasses.fields(kind.data)}):
        with pytest.raises(typed.Malformed):
            kind.load(raw)


# Rendering


@every_kind
def test_an_empty_block_loads_and_renders(name):
    kind = registry.kind(name)
    empty = dataclasses.replace(block(name), data=kind.load({}), facts={})
    rendered = render(snapshot(blocks=(empty,)))
    assert all([rendered.html, rendered.text])
    kind.summary(empty.data)


@every_kind
def test_all_four_templates_show_the_sample(name):
    taken = snapshot(name)
    for engine, file in [("email_html", "email.html"), ("web", "web.html"), ("web", "card.html")]:
        assert render_block(engine, file, taken.blocks[0], taken).strip(), file
    assert render_text(taken) != render_text(snapshot(blocks=()))


@every_kind
def test_what_it_gathers_can_be_kept_by_content(name):
    issue = make_issue(blocks=(name,))
    for facts in registry.kind(name).gather(issue, standing(issue)).values():
        hash(tuple(sorted(facts.items())))


# The form


@every_kind
def test_the_form_takes_the_words_it_shows(name):
    kind = registry.kind(name)
    shown = kind.form.showing(kind.sample, prefix="b").words
    form = kind.form.saying(json.loads(json.dumps(shown)), prefix="b")
    assert form.is_valid(), form.errors
    assert form.to_data(kind.data()) == kind.sample
    assert form.words == shown


@every_kind
def test_a_browser_without_scripts_posts_the_same(name):
    kind = registry.kind(name)
    form = kind.form(posted(kind.form.showing(kind.sample, prefix="b")), prefix="b")
    assert form.is_valid(), form.errors
    assert form.to_data(kind.data()) == kind.sample


@every_kind
def test_a_blank_form_is_an_empty_block(name):
    kind = registry.kind(name)
    form = kind.form(posted(kind.form.showing(kind.data(), prefix="b")), prefix="b")
    assert form.is_valid(), form.errors
    assert form.to_data(kind.data()) == kind.data()


@every_kind
def test_what_the_form_does_not_mention_stays(name):
    kind = registry.kind(name)
    form = kind.form.saying({}, prefix="b")
    form.is_valid()
    assert not form.unread
    assert not form.mistakes
    assert form.to_data(kind.sample) == kind.sample


@every_kind
def test_the_words_of_one_field_change_no_other(name):
    kind = registry.kind(name)
    shown, blank = (kind.form.showing(data, prefix="b").words for data in (kind.sample, kind.data()))
    for field, words in shown.items():
        form = kind.form.saying({field: words}, prefix="b")
        form.is_valid()
        assert not form.mistakes
        changed = kind.form.showing(form.to_data(kind.data()), prefix="b").words
        assert changed == {**blank, field: words}


@every_kind
def test_a_post_without_words_is_a_draft_and_no_error(name):
    kind = registry.kind(name)
    form = kind.form(
        QueryDict(
            "b-rounds-TOTAL_FORMS=0&b-rounds-INITIAL_FORMS=0&b-links-TOTAL_FORMS=0&b-links-INITIAL_FORMS=0"
            "&b-placement=primary"
        ),
        prefix="b",
    )
    assert form.is_valid(), form.errors


UNREADABLE = {
    "byline": ({"email": "ines at quay", "name": "Ines"}, "email"),
    "event_promo": ({"zone": "Moon/Tranquility", "heading": "Tides"}, "zone"),
    "financial_corner": ({"rounds": [{"company": "Knot", "amount": "plenty"}], "heading": "Money"}, "rounds"),
    "image": ({"url": "not an address", "caption": "A ferry"}, "url"),
    "lead_story": ({"heading": "x" * 201, "byline": "Ines"}, "heading"),
    "sponsor_slot": ({"placement": "roof"}, "placement"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_kept_and_the_rest_is_stored(name):
    kind, (words, broken) = registry.kind(name), UNREADABLE[name]
    form = kind.form.saying(words, prefix="b")
    form.is_valid()
    data = form.to_data(kind.sample)
    assert set(form.unread) == {broken}
    assert _says(form.unread[broken], words[broken])
    assert all(name.startswith(broken) and said for name, said in form.mistakes.items())
    assert form.mistakes
    assert getattr(data, broken) == getattr(kind.sample, broken)
    readable = kind.form.showing(data, prefix="b").words
    assert all(readable[field] == said for field, said in words.items() if field != broken)


def _says(kept, said) -> bool:
    """Whether all that was said is kept; rows have further columns."""
    if isinstance(said, list):
        return all(row.items() <= found.items() for found, row in zip(kept, said, strict=True))
    return kept == said


@every_kind
def test_rich_text_says_what_it_is(name):
    for field in registry.kind(name).form.base_fields.values():
        if isinstance(field, RichText | RichItems):
            assert field.widget.attrs["data-rich"] in ("story", "items")


def test_rows_beyond_those_that_the_form_offers_are_kept():
    kind = registry.kind("financial_corner")
    many = kind.data(rounds=tuple(Round(f"Company {number}") for number in range(ROWS_AT_MOST * 2)))
    shown = kind.form.showing(many, prefix="b")
    for form in (kind.form.saying(shown.words, prefix="b"), kind.form(posted(shown), prefix="b")):
        assert form.is_valid(), form.errors
        assert form.to_data(kind.data()) == many


# Aids


def _everything_below() -> list[Placed]:
    return [Placed(uuid.UUID(int=n), kind.kind, kind.sample, n) for n, kind in enumerate(registry.kinds(), 1)]


@every_kind
def test_its_aids_have_names_of_their_own(name):
    aids = registry.kind(name).aids
    assert len({aid.name for aid in aids}) == len(aids)
    assert all(aid.name.isidentifier() and aid.label for aid in aids)


@every_kind
def test_an_aid_leaves_a_block_that_its_form_takes(name):
    kind = registry.kind(name)
    for aid in kind.aids:
        for data in (kind.sample, kind.data()):
            made, said = _aided(aid, data)
            assert said.endswith((".", "?"))
            assert kind.load(json.loads(json.dumps(kind.dump(made)))) == made
            form = kind.form.saying(kind.form.showing(made, prefix="b").words, prefix="b")
            assert form.is_valid(), form.errors
            assert form.to_data(kind.data()) == made


def _aided(aid, data):
    """What the aid makes of it and says; the same data and why, if it refuses."""
    try:
        return aid.do(data, _everything_below())
    except Refused as refused:
        return data, str(refused)


def test_an_unknown_kind_is_named():
    with pytest.raises(UnknownKind, match="sundial"):
        registry.kind("sundial")


def test_the_block_that_was_made_is_the_sample():
    issue = make_issue(blocks=())
    for name in KINDS:
        kind = registry.kind(name)
        row = make_block(issue, name)
        assert kind.load(row.data, row.version) == kind.sample
