"""The admin lists everything, and its page of an issue is the composer."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from issues.models import Contributor, Edition
from newsroom.delivery.control import scheduling
from newsroom.delivery.models import Send
from newsroom.delivery.sender import sending
from tests.make import (
    NOW,
    make_advertiser,
    make_approved_issue,
    make_insertion,
    make_issue,
    make_publication,
    make_published_issue,
    make_reader,
)

pytestmark = pytest.mark.django_db
MODELS = [model for model in admin.site._registry if model._meta.app_label != "auth"]


@pytest.fixture
def root(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def world(db) -> None:
    """At least one row of nearly everything."""
    publication = make_publication()
    make_reader(publication, "ann@readers.example", name="Ann")
    draft = make_issue(publication, title="A draft", blocks=("lead_story", "financial_corner"))
    make_insertion(draft, advertiser=make_advertiser("Brightwater"))
    send = scheduling.schedule(make_approved_issue(publication), NOW.replace(year=2099), by=None, now=NOW)
    sending.start(send, now=NOW)


def page(model, name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def test_every_list_opens_and_can_be_searched(root, world):
    for model in MODELS:
        assert admin.site._registry[model].search_fields, f"nothing to search {model} by"
        for query in ({}, {"q": "ann"}):
            assert root.get(page(model, "changelist"), query).status_code == 200, model


def test_every_filter_opens(root, world):
    chosen = [
        page(model, "changelist") + choice["query_string"]
        for model in MODELS
        for spec in root.get(page(model, "changelist")).context["cl"].filter_specs
        for choice in spec.choices(root.get(page(model, "changelist")).context["cl"])
    ]
    assert len(chosen) > 30
    for path in chosen:
        assert root.get(path).status_code == 200, path  # a filter that is refused redirects to ?e=1


def test_every_row_can_be_looked_at(root, world):
    for model in MODELS:
        row = model._default_manager.first()
        if row is not None:
            assert root.get(page(model, "change", row.pk)).status_code == 200, model
            assert root.get(page(model, "history", row.pk)).status_code == 200, model


def test_rows_that_verbs_write_are_for_reading_only(root, world):
    send = Send.objects.get()
    assert root.get(page(Send, "change", send.pk)).status_code == 200
    assert root.post(page(Send, "change", send.pk), {"status": "sent"}).status_code == 403
    assert root.post(page(Send, "delete", send.pk), {"post": "yes"}).status_code == 403
    assert root.get(page(Edition, "add")).status_code == 403


def test_its_page_of_an_issue_is_the_composer(root):
    issue = make_issue(title="A crane that learns")
    response = root.get(f"/admin/issues/issue/{issue.pk}/change/")
    said = response.content.decode()
    assert "<desk-composer" in said
    assert f'data-at="{reverse("issues:compose", args=[issue.pk])}"' in said
    assert "A crane that learns" in said


def test_adding_an_issue_there_leads_to_the_start_page(root):
    assert root.get("/admin/issues/issue/add/").headers["Location"] == reverse("issues:start")


@pytest.mark.parametrize("odd", ["nothing", "0", "1" * 5000, "%C2%B2"])
def test_an_issue_that_does_not_exist_is_404(root, odd):
    assert root.get(f"/admin/issues/issue/{odd}/change/").status_code == 404


def test_a_draft_can_be_deleted_and_what_readers_saw_cannot(root):
    draft, published = make_issue(), make_published_issue()
    assert root.post(f"/admin/issues/issue/{draft.pk}/delete/", {"post": "yes"}).status_code == 302
    assert root.post(f"/admin/issues/issue/{published.pk}/delete/", {"post": "yes"}).status_code == 403
    assert not type(draft).objects.filter(pk=draft.pk).exists()
    assert type(draft).objects.filter(pk=published.pk).exists()


def test_the_slug_of_a_publication_is_settled_with_the_first_edition(root):
    publication = make_published_issue().publication
    response = root.get(page(type(publication), "change", publication.pk))
    assert "slug" not in response.context["adminform"].form.fields


def test_the_chief_editor_adds_a_contributor_and_nobody_deletes_one(chris):
    fields = {"name": "Ines Falk", "email": "ines@harbour.example", "social_label": "mastodon"}
    response = chris.post(
        page(Contributor, "add"), {**fields, "social_url": "social.example/@ines", "active": "on"}
    )
    assert response.status_code == 302
    ines = Contributor.objects.get()
    assert ines.social_url == "https://social.example/@ines"
    assert chris.post(page(Contributor, "delete", ines.pk), {"post": "yes"}).status_code == 403
