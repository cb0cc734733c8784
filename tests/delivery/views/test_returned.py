"""The page that shows what came back."""

import pytest
from django.urls import reverse

from newsroom.delivery.models import Return
from tests.delivery.mail import make_mailed, make_printing
from tests.delivery.returns.test_consequences import FULL, bounce, complaint, take
from tests.make import make_approved_issue

pytestmark = pytest.mark.django_db
PAGE = "/desk/returns/"


@pytest.fixture
def came_back():
    printing, readers = make_mailed(3)
    take(bounce(printing, readers[0], said="smtp; 550 5.1.1 <b>nobody</b>"))
    take(bounce(printing, readers[1], number="<2@mx>", **FULL))
    other = make_printing(make_approved_issue(title="Other"))
    take(complaint(other, readers[2]))
    return printing, readers


def test_it_lists_them_with_the_rules(olga, came_back):
    said = olga.get(reverse("delivery:returns")).content.decode()
    for reader in came_back[1]:
        assert reader.subscriber.email in said
    assert "&lt;b&gt;nobody&lt;/b&gt;" in said
    assert "5 issues that bounced softly within 14 days" in said


def test_it_can_show_one_issue_or_one_kind(olga, came_back):
    printing, readers = came_back
    said = olga.get(PAGE, {"send": printing.send_id}).content.decode()
    assert readers[0].subscriber.email in said
    assert readers[2].subscriber.email not in said
    said = olga.get(PAGE, {"send": printing.send_id, "kind": "soft"}).content.decode()
    assert readers[0].subscriber.email not in said
    assert readers[1].subscriber.email in said


@pytest.mark.parametrize("query", ["?send=x", "?send=999999", "?kind=strange", "?page=x", "?page=99"])
def test_a_filter_that_makes_no_sense_shows_everything(olga, came_back, query):
    assert olga.get(PAGE + query).status_code == 200


def test_who_may_not_see_readers_sees_no_address(edith, came_back):
    said = edith.get(PAGE).content.decode()
    assert "readers.example" in said
    assert not any(reader.subscriber.email in said for reader in came_back[1])
    assert "&lt;b&gt;" not in said


def test_without_returns_it_says_so(olga):
    assert "Nothing came back." in olga.get(PAGE).content.decode()


def test_its_cost_does_not_grow_with_the_rows(olga, came_back, django_assert_max_num_queries):
    row = Return.objects.first()
    Return.objects.bulk_create(
        Return(send=row.send, subscription=row.subscription, kind="soft", by="pipe", key=f"{n}", at=row.at) for n in range(150)
    )  # fmt: skip
    olga.get(PAGE)
    with django_assert_max_num_queries(12):
        olga.get(PAGE)
