"""Making the demo: once, through the same verbs that people use."""

import datetime
import random
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils.crypto import get_random_string

from issues import starting, workflow
from issues.importing import Draft, Found
from issues.models import Contributor, Issue, Publication
from newsroom.audience import recipients
from newsroom.audience.importing.rows import Row
from newsroom.audience.importing.storing import Batch, store
from newsroom.audience.models import Status
from newsroom.desk.demo import reading, selling, sending, words
from newsroom.desk.roles import AD_OPS, CHIEF, EDITOR, FINANCE, OPERATOR, SALES, SALES_MANAGER

SLUG = "the-quay"
READERS = 1000
DAYS = 120
FEWEST_DAYS = 7
"""In which each of its sponsors has stood in an issue."""
GONE = 26
"""So many more have left since."""
READ_BACK = datetime.timedelta(days=90)
"""So long ago the first of them left, and the first clicks were counted."""
AT_FIRST = 0.7
"""The part of the readers who were there at the first issue; the others came a few each week."""

_PEOPLE = [
    ("edith", "Edith Aas", EDITOR),
    ("chris", "Chris Holm", CHIEF),
    ("sam", "Sam Krog", SALES),
    ("maria", "Maria Lund", SALES_MANAGER),
    ("adam", "Adam Rask", AD_OPS),
    ("fiona", "Fiona Beck", FINANCE),
    ("olga", "Olga Voll", OPERATOR),
]


def made() -> bool:
    """Whether the demo, or anything else, is there already: it is only made in an empty house."""
    return Publication.objects.exists()


@transaction.atomic
def make(*, now: datetime.datetime, days: int = DAYS, readers: int = READERS) -> Publication:
    """A publication with an issue for each weekday of the last ``days``, one draft, people, and readers. All or nothing."""
    people = _people()
    publication = _publication()
    _contributors()
    _readers(publication, readers + GONE, days, now=now)
    today = now.astimezone(publication.zone).date()
    starts = [_start(publication, day) for day in _past_days(today, days)]
    stays = sending.stays(publication, [at for at in starts if at > now - READ_BACK], gone=GONE)
    for at in starts:
        issue = _approved(publication, at, people)
        sending.send(issue, stays, by=people["chris"], at=at, doubtful=at == starts[-1])
    _draft_for_the_next_day(publication, today, by=people["edith"], now=now)
    selling.sell(publication, people, now=now)
    reading.read(publication, stays, since=now - READ_BACK, now=now)
    return publication


def _past_days(today: datetime.date, days: int) -> list[datetime.date]:
    past = (today - datetime.timedelta(days=back) for back in range(days, 0, -1))
    return [day for day in past if day.weekday() < 5]


def _start(publication: Publication, day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, publication.usual_time, publication.zone)


def _people() -> dict[str, User]:
    passwords = {name: password for _, name, password in settings.DEMO_SIGN_INS}
    people = {}
    for username, full_name, role in _PEOPLE:
        first, last = full_name.split()
        user = User(
            username=username,
            first_name=first,
            last_name=last,
            email=f"{username}@quay.example",
            is_staff=True,
            is_superuser=role == OPERATOR,
        )
        user.password = _hashed(passwords[username])
        user.save()
        user.groups.add(Group.objects.get(name=role))
        people[username] = user
    return people


def _hashed(password: str) -> str:
    """Quickly hashed: these passwords stand on the sign-in page. Whoever signs in has theirs hashed anew, as slowly as others."""
    return PBKDF2PasswordHasher().encode(password, get_random_string(22), iterations=1000)


def _publication() -> Publication:
    return Publication.objects.create(
        name="The Quay",
        slug=SLUG,
        tagline="Business by the water, every weekday morning.",
        language="en",
        time_zone="Europe/Copenhagen",
        sender_name="The Quay",
        sender_email="hello@quay.example",
        reply_to="desk@quay.example",
        postal_address="Pier 4, 1000 Harbour Town",
        accent="#0f5c66",
        ground="#e9f0f0",
    )


def _contributors() -> None:
    """Two on the staff; whoever else writes is a guest."""
    for name, account in words.WRITERS[:2]:
        Contributor.objects.create(
            name=name,
            email=f"{account}@quay.example",
            social_label="mastodon",
            social_url=f"https://example.com/@{account}",
        )


def _there(readers: int, days: int, back: int) -> int:
    """How many of the readers were there so many days ago."""
    return round(readers * (AT_FIRST + (1 - AT_FIRST) * (1 - back / days)))


def _readers(publication: Publication, count: int, days: int, *, now: datetime.datetime) -> None:
    mailing_list, known = recipients.list_of(publication.slug, name=publication.name), 0
    for back in [*range(days, 0, -7), 0]:
        there, at = _there(count, days, back), now - datetime.timedelta(days=back + 1)
        rows = [_reader(number) for number in range(known, there)]
        store(Batch(mailing_list, rows, now=at, source="demo", evidence="demo", consent=""))
        known = there


def _reader(number: int) -> Row:
    first, last = words.FIRST[number % 20], words.LAST[number // 20 % 18]
    address = f"{first.lower()}.{last.lower()}.{number:04d}@readers.example"
    return Row(number, address, f"{first} {last}", str(Status.ACTIVE), None, {})


def _approved(publication: Publication, at: datetime.datetime, people: dict[str, User]) -> Issue:
    """An issue that was ready in time to go out at that moment."""
    day, then = at.date(), at - sending.APPROVED_BEFORE
    issue = starting.start_from_draft(publication, _words(day), planned_for=day, by=people["edith"], now=then)
    workflow.submit(issue, by=people["edith"], now=then)
    workflow.approve(issue, by=people["chris"], now=then)
    return issue


def _draft_for_the_next_day(
    publication: Publication, today: datetime.date, *, by: User, now: datetime.datetime
) -> Issue:
    ahead = (today + datetime.timedelta(days=days) for days in range(1, 8))
    day = next(day for day in ahead if day.weekday() in publication.weekdays)
    return starting.start_from_draft(publication, _words(day), planned_for=day, by=by, now=now)


def _words(day: datetime.date) -> Draft:
    """An issue for that day; the same day always gives the same words."""
    pick = random.Random(day.toordinal())  # noqa: S311 - words for a demo, not secrets
    today = words.STORIES[day.toordinal() % len(words.STORIES)]
    other = words.STORIES[(day.toordinal() * 7 + 5) % len(words.STORIES)]
    blocks = [
        Found(
            "greeting",
            {
                "body": f"<p>{words.GREETING}</p>",
                "today": [f"news of {today[1]}", f"a word on {other[1]}", "who raised money"],
            },
        ),
        Found("lead_story", {"heading": today[0], "body": _story(today[2], pick)}),
        _sponsor(day),
        Found("financial_corner", {"heading": "Financial corner", "rounds": _rounds(pick)}),
        _byline(pick),
        Found("link_roundup", {"heading": "Around the harbour", "items": _links(pick)}),
        Found("sign_off", {"body": f"<p>{pick.choice(words.GOODBYES)}</p>"}),
    ]
    return Draft(title=today[0], blocks=tuple(blocks), left_out=())


def _story(opening: str, pick: random.Random) -> str:
    points = "".join(f"<li>{point}</li>" for point in pick.sample(words.POINTS, 3))
    return f"<p>{opening}</p><p>{pick.choice(words.TURNS)}</p><ul>{points}</ul><p>{pick.choice(words.CLOSERS)}</p>"


def _sponsor(day: datetime.date) -> Found:
    name, body = words.SPONSORS[day.toordinal() % len(words.SPONSORS)]
    return Found(
        "sponsor_slot",
        {"placement": "primary"},
        {"sponsor": name, "body": body, "url": "https://example.com/"},
    )


def _rounds(pick: random.Random) -> list[dict[str, str]]:
    return [
        {
            "company": company,
            "amount": str(Decimal(pick.randrange(4, 190)) * 500_000),
            "currency": pick.choice(["USD", "EUR"]),
            "purpose": purpose,
        }
        for company, purpose in pick.sample(words.COMPANIES, 3)
    ]


def _byline(pick: random.Random) -> Found:
    name, account = pick.choice(words.WRITERS)
    links = [{"label": "mastodon", "url": f"https://example.com/@{account}"}]
    return Found("byline", {"name": name, "email": f"{account}@quay.example", "links": links})


def _links(pick: random.Random) -> list[str]:
    return [
        f'{before}<a href="https://example.com/{pick.randrange(1000, 9999)}">{link}</a>{after}'
        for before, link, after in pick.sample(words.LINKS, 3)
    ]
