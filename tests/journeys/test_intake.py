"""A chief editor brings a list in: upload, columns, rehearsal, import, and the rows that were left out."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from newsroom.audience.models import Subscription
from newsroom.audience.tasks import take_in
from newsroom.desk import roles
from tests.journeys.desk import Composer, at_the_desk
from tests.make import make_list, make_publication, make_reader

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SOURCE = (
    "Email Address;First Name;Surname;Town;Internal number\n"
    "ann@readers.example;Ann;Reed;Harbour Town;1\n"
    "bob@readers;Bob;Lund;Pier End;2\n"
    "cid@readers.example;Cid;Æbelø;Lock Hill;3\n"
    "ANN@readers.example;Ann;Reed;Harbour Town;4\n"
    "gone@readers.example;Gus;Holm;Pier End;5\n"
)


def look(person: Composer, name: str) -> None:
    """Keep pictures of the page, light, dark and narrow, where PICTURES says."""
    if folder := os.environ.get("PICTURES"):
        for scheme in ("light", "dark"):
            person.page.emulate_media(color_scheme=scheme)
            person.page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
        person.page.emulate_media(color_scheme="light")
        size = person.page.viewport_size
        person.page.set_viewport_size({"width": 390, "height": 844})
        person.page.screenshot(path=Path(folder) / f"{name}-390.png", full_page=True)
        person.page.set_viewport_size(size)


def test_a_list_comes_in_and_what_was_left_out_is_downloaded(browser, live_server, settings, tmp_path):
    settings.VAR = tmp_path
    publication = make_publication()
    make_list(publication)
    make_reader(publication, "gone@readers.example", status="unsubscribed")
    with at_the_desk(browser, live_server, settings, roles.CHIEF, width=1280) as chris:
        page = chris.page
        chris.goto("/desk/subscribers/")
        page.get_by_role("link", name="Import a CSV file").click()
        look(chris, "upload")
        file = {"name": "readers.csv", "mimeType": "text/csv", "buffer": SOURCE.encode("cp1252")}
        page.get_by_label("CSV file").set_input_files(file)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_text("Æbelø")).to_be_visible()
        expect(page.get_by_label("Letters")).to_have_value("cp1252")
        town = page.get_by_role("group", name="Column Town")
        town.get_by_label("Becomes").select_option("Attribute named …")
        town.get_by_label("Named").fill("town")
        page.get_by_label("Where did these people agree?").fill("Sign-up form on harbour.example")
        page.get_by_label("These people asked for this newsletter").check()
        look(chris, "columns")
        page.get_by_role("button", name="Rehearse").click()
        expect(page.get_by_text("Waiting for the scheduler").first).to_be_visible()
        look(chris, "waiting")
        take_in()
        expect(page.get_by_text("Nothing was changed.")).to_be_visible()
        assert Subscription.objects.count() == 1
        look(chris, "rehearsed")
        page.get_by_role("button", name="Import: 2 new").click()
        take_in()
        expect(page.get_by_text("Import: done")).to_be_visible()
        look(chris, "done")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download all as CSV").click()
        left_out = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert [line.partition(",")[0] for line in left_out] == ["Line", "3", "5", "6"]
        ann = Subscription.objects.get(subscriber__email="ann@readers.example")
        assert (ann.subscriber.name, ann.subscriber.attributes) == ("Ann Reed", {"town": "Harbour Town"})
        chris.goto("/desk/subscribers/import/")
        look(chris, "imports")
        chris.goto("/desk/subscribers/export/")
        look(chris, "export")
        assert chris.wrong == []
