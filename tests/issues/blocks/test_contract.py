"""What every block kind promises, checked for each that is installed."""

import dataclasses
import json

import pytest
from django.http import QueryDict

from issues.blocks import registry, typed
from issues.blocks.base import UnknownKind
from issues.rendering import render
from issues.rendering.render import render_block
from tests.issues.sample import block, snapshot

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


@every_kind
def test_data_survives_json(name):
    kind = registry.kind(name)
    assert kind.load(json.loads(json.dumps(kind.dump(kind.sample)))) == kind.sample


@every_kind
def test_an_empty_block_loads_and_renders(name):
    kind = registry.kind(name)
    empty = dataclasses.replace(block(name), data=kind.load({}), facts={})
    rendered = render(snapshot(blocks=(empty,)))
    assert all([rendered.html, rendered.text])
    kind.summary(empty.data)


@every_kind
def test_hostile_json_is_refused_in_a_sentence(name):
    kind = registry.kind(name)
    for raw in ([], "x", {field.name: object() for field in dataclasses.fields(kind.data)}):
        with pytest.raises(typed.Malformed):
            kind.load(raw)


@every_kind
def test_all_four_templates_show_the_sample(name):
    taken = snapshot(name)
    for engine, file in [
        ("email_html", "email.html"),
        ("email_text", "email.txt"),
        ("web", "web.html"),
        ("web", "card.html"),
    ]:
        assert render_block(engine, file, taken.blocks[0], taken).strip(), file


@every_kind
def test_the_form_gives_back_what_it_shows(name):
    kind = registry.kind(name)
    shown = kind.form.showing(kind.sample, prefix="b")
    posted = QueryDict(mutable=True)
    for field in shown:
        for key, value in _posted(field):
            posted[key] = value
    form = kind.form(posted, prefix="b")
    assert form.is_valid(), form.errors
    assert form.to_data(kind.sample) == kind.sample


@every_kind
def test_an_empty_form_is_a_draft_and_no_error(name):
    kind = registry.kind(name)
    posted = QueryDict(
        "b-rounds-TOTAL_FORMS=0&b-rounds-INITIAL_FORMS=0&b-links-TOTAL_FORMS=0&b-links-INITIAL_FORMS=0&b-placement=primary"
    )
    form = kind.form(posted, prefix="b")
    assert form.is_valid(), form.errors


def _posted(field):
    """Name and value of each control of a field, as a browser would post them."""
    value = field.value()
    if hasattr(field.field, "row_data"):
        formset = field.field.widget.get_context(field.html_name, value, {})["formset"]
        yield f"{field.html_name}-TOTAL_FORMS", str(len(formset.forms))
        yield f"{field.html_name}-INITIAL_FORMS", str(formset.initial_form_count())
        for form in formset.forms:
            for inner in form:
                yield inner.html_name, _plain(inner.value())
    elif value is True:
        yield field.html_name, "on"
    elif value not in (None, False):
        yield field.html_name, _plain(value)


def _plain(value) -> str:
    return "" if value is None else str(value)


def test_an_unknown_kind_is_named():
    with pytest.raises(UnknownKind, match="sundial"):
        registry.kind("sundial")
