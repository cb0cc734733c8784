"""Personas with a browser. Each must leave without an error in the console, a report of the policy or a failed request."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from issues.models import Issue
from newsroom.desk import roles
from tests.journeys.desk import Composer, at_the_desk
from tests.make import make_issue, make_publication


@pytest.fixture
def issue(transactional_db) -> Issue:
    return make_issue(make_publication(), blocks=("greeting", "lead_story", "sign_off"))


@pytest.fixture
def edith(browser: Browser, live_server, settings, issue) -> Iterator[Composer]:
    """An editor with the issue open."""
    with at_the_desk(browser, live_server, settings, roles.EDITOR) as composer:
        composer.open(issue)
        yield composer
        assert composer.wrong == []


@pytest.fixture
def chris(browser: Browser, live_server, settings, issue) -> Iterator[Composer]:
    """The chief editor, in a browser of their own, with the same issue open."""
    with at_the_desk(browser, live_server, settings, roles.CHIEF) as composer:
        composer.open(issue)
        yield composer
        assert composer.wrong == []
