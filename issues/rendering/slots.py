"""What differs per reader stands in a rendering as a slot, filled when the mail is composed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

UNSUBSCRIBE = "%%UNSUBSCRIBE%%"
"""Address of the reader's own page to leave."""
PREFERENCES = "%%PREFERENCES%%"
"""Address of the reader's own page to change what they get."""
NAME = "%%NAME%%"
"""The reader's name; written with what stands there for a reader without one: ``%%NAME:there%%``."""

_SLOT = re.compile(r"%%(UNSUBSCRIBE|PREFERENCES|NAME)(?::([^%{}|]*))?%%")
_WRITTEN = re.compile(r"\{name(?:\|([^%{}|<>]{0,40}))?\}")


@dataclass(frozen=True)
class Slot:
    """One place where readers differ, by its name above; ``fallback`` is for readers of whom it is not known."""

    name: str
    fallback: str = ""


def cut(rendering: str) -> Iterator[str | Slot]:
    """A rendering in pieces: what is the same for everybody, and the slots between."""
    end = 0
    for found in _SLOT.finditer(rendering):
        yield rendering[end : found.start()]
        yield Slot(f"%%{found[1]}%%", found[2] or "")
        end = found.end()
    yield rendering[end:]


def filled(rendering: str, fill: Callable[[Slot], str]) -> str:
    """A rendering with something in each slot."""
    return "".join(piece if isinstance(piece, str) else fill(piece) for piece in cut(rendering))


def shown(rendering: str, site_url: str) -> str:
    """A rendering as somebody at the desk sees it: addresses that are nobody's, and the words for a reader without a name."""
    places = {UNSUBSCRIBE: f"{site_url}/u/…/", PREFERENCES: f"{site_url}/preferences/…/"}
    return filled(rendering, lambda slot: places.get(slot.name, slot.fallback))


def disarmed(text: str) -> str:
    """Text in which nobody's words can be mistaken for a slot."""
    while _SLOT.search(text):
        text = _SLOT.sub(lambda found: found[0].strip("%"), text)
    return text


def personal(text: str) -> str:
    """What an editor writes as ``{name}`` or ``{name|there}`` becomes the slot."""
    return _WRITTEN.sub(lambda found: f"%%NAME:{' '.join((found[1] or '').split())}%%", text)


def impersonal(text: str) -> str:
    """The same words where no reader is known: on the web, and in the line under the subject."""
    return _WRITTEN.sub(lambda found: " ".join((found[1] or "").split()), text)
