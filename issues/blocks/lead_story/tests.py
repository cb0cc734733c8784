"""What is particular to the lead story."""

import pytest

from issues import readiness
from issues.rendering import render
from tests.issues.sample import block, snapshot
from tests.make import make_issue


def test_paragraphs_and_lists_keep_their_order():
    body = "<p>One.</p><ul><li>Two.</li></ul><p>Three.</p><ul><li>Four.</li></ul>"
    text = render(snapshot(blocks=(block("lead_story", body=body),))).text
    assert text.index("One.") < text.index("* Two.") < text.index("Three.") < text.index("* Four.")


@pytest.mark.django_db
def test_a_lead_without_words_stops_the_issue():
    issue = make_issue()
    issue.blocks.filter(kind="lead_story").update(data={"heading": "Only a heading"})
    assert "The lead story has no words." in [problem.sentence for problem in readiness.blockers(issue)]
