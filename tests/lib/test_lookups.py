"""``column__among``, against ``column__in``."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from newsroom.audience.models import Reason, Subscriber, Suppression
from tests.make import NOW


class Asked(TestCase):
    @given(st.sets(st.integers(-3, 60)), st.sets(st.integers(0, 50)))
    def test_the_same_rows_as_in(self, asked, there):
        Subscriber.objects.bulk_create(Subscriber(pk=n, email=f"r{n}@readers.example") for n in there)
        found = Subscriber.objects.filter(pk__among=array("q", asked)).values_list("pk", flat=True)
        assert set(found) == asked & there

    @given(st.sets(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=5))
    def test_words_too(self, marks):
        Suppression.objects.bulk_create(
            Suppression(fingerprint=each, reason=Reason.ASKED, at=NOW) for each in marks
        )
        asked = {*list(marks)[:2], "0" * 31 + "g"}
        found = Suppression.objects.filter(fingerprint__among=asked).values_list("fingerprint", flat=True)
        assert set(found) == asked & marks


@pytest.mark.django_db
def test_nothing_is_among_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not list(Subscriber.objects.filter(pk__among=frozenset()))
        assert not list(Suppression.objects.filter(fingerprint__among={}.keys()))
