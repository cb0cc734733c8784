"""The radar: where an issue writes about those who pay for it, about their parents, or about their rivals.

It only points; an editor decides. Names are compared word by word, through a table of first words, rather than by one long
pattern of alternatives: so a text is read once, however many names there are, and case can be judged word by word.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from newsroom.lib.text import listed

Relation = Literal["advertiser", "parent", "rival"]

EXCERPT = 80
"""Characters of an excerpt, more or less: it is cut at words."""

_LEGAL = frozenset(
    "inc incorporated ltd limited llc llp lp plc corp corporation co company gmbh ag kg kgaa se sa sas sarl srl spa bv nv oy oyj"
    " ab as asa aps pty kk".split()
)
_TAKE_THE = frozenset(
    "foundation association institute alliance consortium council agency commission union university society".split()
)
_COMMON = frozenset(
    "affirm alphabet anchor apple arc arm ask atom base best block bolt boots box brave bridge buy calm"
    " canvas chase chime circle clay compass convoy copy corner dash depot discord dish elastic envoy"
    " figure first flow ford fox front gap general ghost gusto harness heap home indeed it javelin juniper"
    " lattice lemonade lever linear loom match mercury monday nest next nominal notion open oracle orange"
    " oscar people pilot plaid post prime progress public ramp rapid reach render ring ripple root sage"
    " sap scale segment shell signal sketch slack snap sonic sparks split spring sprint square stack"
    " staples stripe subway sun target teller tide time toast total twist unity upstart us verge visa"
    " vision wave who wing wise wish x zip zoom".split()
)
"""Words that mean something else at least as often as the company: only a capital that nothing else explains tells them."""

_DEEDS = frozenset(
    "acquired acquires agreed announced announces bought buys can cut cuts had has is laid launched"
    " launches lost makes plans posted raised raises released releases reported reports said saw says"
    " sells sold told unveiled unveils wants was will would".split()
)
"""What a company does and a fruit does not: “Apple said”."""

_SMALL = frozenset(
    "about after before from into over than that their this upon what when will with your".split()
)
"""Longer words that headings in title case may leave small."""

_TOKEN = re.compile(
    r"""
    (?P<address>
        (?:https?|ftp|mailto):\S+ | (?<!\w)www\.\S+
        | (?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*
        | (?<![\w.+-])(?:[\w-]+\.)+(?:com|org|net|io|ai|dev|app|co|edu|gov|eu|uk|de|fr|us|tv|me|info|tech|cloud)
          (?![\w-])(?:[/?\#]\S*)?
    )
    | (?P<word>[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*)
    | &
    """,
    re.VERBOSE | re.IGNORECASE,
)
_START = re.compile(r"[.!?:…\n\r•“\"]")
_POSSESSIVE = re.compile(r"['’]s\b")


@dataclass(frozen=True)
class Story:
    """A piece of an issue as it is read: plain text, without the sponsors' own words."""

    uid: str
    heading: str
    text: str
    lead: bool = False


@dataclass(frozen=True)
class Party:
    """An advertiser of the day, with the other names it goes by, those it belongs to and those it competes with."""

    name: str
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """A story that names a party or its kin: ``name_found`` and ``excerpt`` are as the story writes them."""

    uid: str
    name_found: str
    party: str
    relation: Relation
    lead: bool
    excerpt: str
    sentence: str


def found(stories: Sequence[Story], parties: Sequence[Party]) -> list[Sighting]:
    """Every story that names a party, a parent or a rival, once for each; in the order of the stories and their words."""
    names = _indexed(parties)
    return [sighting for story in stories for sighting in _in_story(story, names)]


@dataclass(frozen=True)
class _Word:
    """A word where it stands. ``gap`` is what holds it to the word before: nothing for a space or a hyphen."""

    written: str
    key: str
    gap: str
    start: int
    end: int
    line: int = 0
    opens: bool = False
    address: bool = False


@dataclass(frozen=True)
class _Name:
    """One spelling of somebody's name; ``folded`` if its accents were taken away."""

    words: tuple[_Word, ...]
    party: Party
    relation: Relation
    folded: bool
    article: bool

    @property
    def common(self) -> bool:
        return all(word.key in _COMMON for word in self.words)


@dataclass(frozen=True)
class _Hit:
    """A name in a text; ``sure`` if its capitals can mean nothing else."""

    name: _Name
    text: str
    start: int
    end: int
    sure: bool


@dataclass
class _Text:
    """A text and its words; ``prose`` are the lines in which capitals mean something."""

    text: str
    words: list[_Word]
    prose: set[int] = field(default_factory=set)


def _in_story(story: Story, names: dict[str, list[_Name]]) -> Iterator[Sighting]:
    hits: dict[tuple[Party, Relation], list[_Hit]] = defaultdict(list)
    for text in (story.heading, story.text):
        for hit in _hits(_read(text), names):
            hits[hit.name.party, hit.name.relation].append(hit)
    for same in hits.values():
        exact = [hit for hit in same if not hit.name.folded]
        chosen = next((some for some in (exact, same) if any(hit.sure for hit in some)), None)
        if chosen:
            yield _sighting(story, chosen[0])


def _hits(text: _Text, names: dict[str, list[_Name]]) -> Iterator[_Hit]:
    """The longest name at each place; words of a name that was found begin no other."""
    place = 0
    while place < len(text.words):
        fitting = [name for name in names.get(text.words[place].key, ()) if _fits(name, text.words, place)]
        longest = max((len(name.words) for name in fitting), default=0)
        for name in fitting:
            if len(name.words) == longest:
                last = place + longest - 1
                sure = not name.common or _sure(text, place, last)
                yield _Hit(name, text.text, text.words[place].start, text.words[last].end, sure)
        place += longest or 1


def _fits(name: _Name, words: Sequence[_Word], place: int) -> bool:
    if place + len(name.words) > len(words):
        return False
    for number, wanted in enumerate(name.words):
        word = words[place + number]
        if word.key != wanted.key or (number and word.gap != wanted.gap):
            return False
        if not _same_case(wanted, word, alone=len(name.words) == 1):
            return False
    return True


def _same_case(wanted: _Word, word: _Word, *, alone: bool) -> bool:
    """Whether a word is written as the name is, or in capitals throughout.

    GitHub is also Github, because nobody means anything else by it; IT is never “it”, and Stripe never “stripe”.
    """
    if word.address or word.written == wanted.written or word.key == "and":
        return True
    if wanted.written.islower():
        return not alone or word.written[:1].isupper()
    if word.written.isupper() or wanted.written.isupper():
        return word.written.isupper()
    if any(letter.isupper() for letter in wanted.written[1:]):
        return wanted.key not in _COMMON
    return word.written[:1].isupper() == wanted.written[:1].isupper()


def _sure(text: _Text, first: int, last: int) -> bool:
    """Whether a capital means a name: not where a sentence begins or a heading has capitals all over."""
    word = text.words[first]
    if word.line in text.prose and not word.opens:
        return True
    if _POSSESSIVE.match(text.text, text.words[last].end):
        return True
    follower = text.words[last + 1] if last + 1 < len(text.words) else None
    return follower is not None and follower.gap == "" and follower.key in _DEEDS | _LEGAL


@lru_cache(maxsize=256)
def _read(text: str) -> _Text:
    """All words of a text, and which of its lines are prose. Nobody changes what it returns: of an issue that is being
    written, all texts but one were read before."""
    read = _Text(text, [])
    end, line = 0, 0
    for token in _TOKEN.finditer(text):
        between = text[end : token.start()]
        line += between.count("\n")
        read.words.append(_word(token, between, line, opens=not read.words or bool(_START.search(between))))
        end = token.end()
        word = token["word"]
        if word and len(word) > 3 and word.islower() and word not in _SMALL:
            read.prose.add(line)
    return read


def _word(token: re.Match[str], between: str, line: int, *, opens: bool) -> _Word:
    written = unicodedata.normalize("NFC", token[0])
    key = "and" if written == "&" else written.casefold()
    return _Word(
        written, key, _gap(between), token.start(), token.end(), line, opens, token["address"] is not None
    )


def _gap(between: str) -> str:
    """What stands between two words, as far as it matters: spaces and hyphens do not, empty lines do."""
    if between.count("\n") > 1:
        return "\n"
    return re.sub(r"[\s\u00ad‐‑-]+", "", between).replace("’", "'")


def _indexed(parties: Sequence[Party]) -> dict[str, list[_Name]]:
    """All spellings by their first word; one that is given twice counts once."""
    names: dict[str, dict[_Name, None]] = defaultdict(dict)
    for party in parties:
        kin: tuple[tuple[Relation, tuple[str, ...]], ...] = (
            ("advertiser", (party.name, *party.aliases)),
            ("parent", party.parents),
            ("rival", party.rivals),
        )
        for relation, spellings in kin:
            for spelling in spellings:
                for name in _spelled(spelling, party, relation):
                    names[name.words[0].key][name] = None
    return {key: list(some) for key, some in names.items()}


def _spelled(spelling: str, party: Party, relation: Relation) -> Iterator[_Name]:
    """A name as it is given and, if it has accents, without them."""
    words, article = _essential(spelling)
    if not words:
        return
    article = article or (len(words) > 1 and words[-1].key in _TAKE_THE)
    yield _Name(words, party, relation, False, article)
    plain, _ = _essential(_without_accents(spelling))
    if plain and plain != words and [word.key for word in plain] != [word.key for word in words]:
        yield _Name(plain, party, relation, True, article)


def _essential(spelling: str) -> tuple[tuple[_Word, ...], bool]:
    """The words of a name without its legal form and its article, if enough is left; and whether it had an article."""
    words = _read(spelling).words
    while len(words) > 1 and words[-1].key in _LEGAL:
        words = words[:-1]
    # “The Information” without its article would be any information.
    article = len(words) > 2 and words[0].key == "the"
    return tuple(words[1:] if article else words), article


def _without_accents(spelling: str) -> str:
    apart = unicodedata.normalize("NFKD", spelling)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _sighting(story: Story, hit: _Hit) -> Sighting:
    name = hit.text[hit.start : hit.end]
    return Sighting(
        story.uid,
        name,
        hit.name.party.name,
        hit.name.relation,
        story.lead,
        _excerpt(hit.text, hit.start, hit.end),
        _sentence(story, hit.name, " ".join(name.split())),
    )


def _sentence(story: Story, name: _Name, written: str) -> str:
    """“The lead names the Linux Foundation; CNCF runs beside it.”"""
    party = name.party
    where = "beside it" if story.lead else "in the same issue"
    if party.placements and not story.lead:
        where += f" ({listed(party.placements)})"
    who = "The lead" if story.lead else f"“{story.heading.strip()}”" if story.heading.strip() else "A story"
    named = f"the {written}" if name.article and not written.lower().startswith("the ") else written
    if name.relation == "rival":
        return f"{who} names {named}, a rival of {party.name}, which runs {where}."
    if name.relation == "advertiser" and written == party.name:
        return f"{who} names {named}, which runs {where}."
    return f"{who} names {named}; {party.name} runs {where}."


def _excerpt(text: str, start: int, end: int) -> str:
    """The words around a place, all from one line, so many that it is about ``EXCERPT`` characters."""
    room = max(0, EXCERPT - (end - start)) // 2
    first, last = max(0, start - room), min(len(text), end + room)
    if first and not text[first - 1].isspace():
        space = re.search(r"\s", text[first:start])
        first = first + space.end() if space else start
    if last < len(text) and not text[last].isspace():
        spaces = [space.start() for space in re.finditer(r"\s", text[end:last])]
        last = end + spaces[-1] if spaces else end
    first = text.rfind("\n", first, start) + 1 or first
    line_end = text.find("\n", end, last)
    return text[first : last if line_end < 0 else line_end].strip()
