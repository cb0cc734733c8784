"""What a segment asks of a reader. Stored as JSON, read into these; each knows its condition and its sentence."""

import datetime
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Lower
from django.db.models.lookups import Contains, Exact, GreaterThan, GreaterThanOrEqual, LessThan

from newsroom.audience.models import Subscription
from newsroom.lib.errors import Refused
from newsroom.lib.text import counted, listed

__all__ = [
    "Attribute",
    "Engaged",
    "Joined",
    "Rule",
    "Seed",
    "as_json",
    "check_name",
    "in_words",
    "narrowed",
    "parse",
]

MOST_RULES, MOST_DAYS, MOST_LETTERS = 20, 3650, 200
_NAME = re.compile(r"[^\W\d][\w .&/()'’-]{0,59}")
_SINCE = Coalesce("confirmed_at", "asked_at")


@dataclass(frozen=True)
class Attribute:
    """What is known of the reader by that name. Capitals do not count (SQLite knows only those of ASCII)."""

    kind: ClassVar[str] = "attribute"
    tests: ClassVar[tuple[str, ...]] = ("is", "is not", "contains", "is set", "is not set")
    name: str
    test: str
    words: str = ""

    def check(self) -> None:
        check_name(self.name)
        if self._compares and not self.words.strip():
            raise Refused(f"Say what “{self.name}” {self.test}.")
        if len(self.words) > MOST_LETTERS or "\0" in self.words:
            raise Refused(f"At most {MOST_LETTERS} ordinary letters can be looked for.")

    def condition(self, now: datetime.datetime) -> Q:
        known = Lower(KeyTextTransform(self.name, "subscriber__attributes"))
        value = Coalesce(known, Value("", output_field=TextField()))
        words = self.words.strip().lower()
        conditions = {
            "is": Q(Exact(value, words)),
            "is not": ~Q(Exact(value, words)),
            "contains": Q(Contains(value, words)),
            "is set": ~Q(Exact(value, "")),
            "is not set": Q(Exact(value, "")),
        }
        return conditions[self.test]

    def __str__(self) -> str:
        return f"{self.name} {self.test}" + (f" “{self.words.strip()}”" if self._compares else "")

    @property
    def _compares(self) -> bool:
        return self.test in ("is", "is not", "contains")


@dataclass(frozen=True)
class Joined:
    """When the reader confirmed, or came with an import: before or after a ``day`` (UTC), or within the last ``days``."""

    kind: ClassVar[str] = "joined"
    tests: ClassVar[tuple[str, ...]] = ("before", "after", "within")
    test: str
    day: str = ""
    days: int = 0

    def check(self) -> None:
        if self.test == "within":
            _check_days(self.days)
        else:
            _midnight(self.day)

    def condition(self, now: datetime.datetime) -> Q:
        if self.test == "within":
            return Q(GreaterThanOrEqual(_SINCE, now - datetime.timedelta(days=self.days)))
        if self.test == "before":
            return Q(LessThan(_SINCE, _midnight(self.day)))
        # its last moment in either database, not the next midnight: the last day of the calendar has none
        return Q(GreaterThan(_SINCE, _moment(self.day, datetime.time.max)))

    def __str__(self) -> str:
        if self.test == "within":
            return f"joined within the last {counted(self.days, 'day')}"
        day = _midnight(self.day)
        return f"joined {self.test} {day.day} {day:%B %Y}"


@dataclass(frozen=True)
class Engaged:
    """When the reader last ``clicked`` or ``opened``, as far as no machine did: within so many days, not for so many, never."""

    kind: ClassVar[str] = "engaged"
    tests: ClassVar[tuple[str, ...]] = ("within", "not for", "never")
    how: str
    test: str
    days: int = 0

    def check(self) -> None:
        if self.how not in _FIELDS:
            raise Refused("Readers click, or open.")
        if self.test != "never":
            _check_days(self.days)

    def condition(self, now: datetime.datetime) -> Q:
        field, since = _FIELDS[self.how], now - datetime.timedelta(days=self.days)
        never = Q(**{f"{field}__isnull": True})
        if self.test == "never":
            return never
        if self.test == "within":
            return Q(**{f"{field}__gte": since})
        return never | Q(**{f"{field}__lt": since})

    def __str__(self) -> str:
        if self.test == "never":
            return f"never {self.how}"
        if self.test == "within":
            return f"{self.how} within {counted(self.days, 'day')}"
        return f"has not {self.how} for {counted(self.days, 'day')}"


@dataclass(frozen=True)
class Seed:
    """An address of our own, which is the first stage of a send, or one of anybody else."""

    kind: ClassVar[str] = "seed"
    tests: ClassVar[tuple[str, ...]] = ("is", "is not")
    test: str

    def check(self) -> None:
        """Nothing but the test can be wrong."""

    def condition(self, now: datetime.datetime) -> Q:
        return Q(seed=self.test == "is")

    def __str__(self) -> str:
        return f"{self.test} a seed"


Rule = Attribute | Joined | Engaged | Seed
_KINDS: dict[str, type[Rule]] = {each.kind: each for each in (Attribute, Joined, Engaged, Seed)}
_FIELDS = {"clicked": "engaged_at", "opened": "opened_at"}


def parse(given: object) -> tuple[Rule, ...]:
    """The rules of a stored segment. Raises ``Refused`` for any that is not one of ours, whole and in range."""
    if not isinstance(given, list) or len(given) > MOST_RULES:
        raise Refused(f"A segment has at most {MOST_RULES} rules.")
    return tuple(_rule(each) for each in given)


def as_json(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """The rules as they are stored."""
    return [{"kind": rule.kind, **asdict(rule)} for rule in rules]


def narrowed(
    readers: QuerySet[Subscription], rules: Sequence[Rule], *, now: datetime.datetime
) -> QuerySet[Subscription]:
    """Those readers for whom all the rules hold."""
    for rule in rules:
        readers = readers.filter(rule.condition(now))
    return readers


def in_words(rules: Sequence[Rule]) -> str:
    """“country is “DK” and clicked within 30 days”; “everybody” without a rule."""
    return listed([str(rule) for rule in rules]) or "everybody"


def check_name(name: str) -> str:
    """The name of an attribute that both databases find in JSON; a number would be a place in a list. Raises ``Refused``."""
    if not _NAME.fullmatch(name):
        raise Refused(
            f"“{name[:60]}” cannot be the name of an attribute. Begin with a letter, and use at most 60."
        )
    return name


def _rule(given: object) -> Rule:
    if not isinstance(given, dict) or str(given.get("kind")) not in _KINDS:
        raise Refused("There is a rule of an unknown kind.")
    values = {name: value for name, value in given.items() if name != "kind"}
    kind = _KINDS[str(given["kind"])]
    wrong = [name for name, value in values.items() if not isinstance(value, int if name == "days" else str)]
    try:
        rule = kind(**values)
    except TypeError:
        wrong = ["?"]
    if wrong or isinstance(values.get("days"), bool) or rule.test not in kind.tests:
        raise Refused("There is a rule that cannot be read.")
    rule.check()
    return rule


def _check_days(days: int) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"Count between 1 and {MOST_DAYS:,} days.")


def _midnight(day: str) -> datetime.datetime:
    return _moment(day, datetime.time.min)


def _moment(day: str, clock: datetime.time) -> datetime.datetime:
    try:
        return datetime.datetime.combine(datetime.date.fromisoformat(day), clock, datetime.UTC)
    except ValueError:
        raise Refused("Choose a day.") from None
