"""How fast we may go: limits that people set."""

import pytest

from newsroom.delivery.models import RateLimit
from newsroom.delivery.sender.pacing import Paces

pytestmark = pytest.mark.django_db


def test_a_changed_limit_is_obeyed_while_it_runs():
    paces = Paces({"": 10.0, "slow.example": 1.0}, clock=lambda: 0.0)
    paces.obey({"": 20.0, "new.example": 2.0})
    assert (paces.relay.limit, paces.relay.per_second) == (20.0, 20.0)
    assert paces.domains["slow.example"].per_second is None
    assert paces.domains["new.example"].per_second == 2.0
    paces.share(2)
    assert (paces.relay.limit, paces.domains["new.example"].limit) == (10.0, 1.0)
    paces.obey({"": 20.0, "new.example": 2.0})
    assert paces.relay.limit == 10.0


def test_limits_are_rows_that_read_well():
    assert str(RateLimit(domain="", per_second=2.5)) == "relay: 2.5 a second"
