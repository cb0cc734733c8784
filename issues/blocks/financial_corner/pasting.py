"""Lines pasted into the financial corner: which become rows, and how the rest stays as text, so that no word is lost."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from issues import richtext
from issues.blocks.financial_corner.reading import Amount, amount_in, read_amount, read_with_rest, series_in
from issues.importing import sections, sentences
from issues.importing.sections import Piece
from issues.richtext import Run, model

Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Told:
    """A sentence or the row of a table: ``text`` is all it says, as rich text.

    ``round`` is the round that it tells of, as the kind stores it, and ``rest`` what no field of that says, as rich text;
    ``hint`` is what its amount looks like, if that is no round.
    """

    text: str
    round: Mapping[str, Any] | None = None
    rest: str = ""
    hint: str = ""


@dataclass(frozen=True)
class _Columns:
    """Which field stands in which column of a table, and how the columns are called that hold none of ours."""

    fields: Mapping[int, str] = field(default_factory=dict)
    others: Mapping[int, str] = field(default_factory=dict)


_BULLET = re.compile(r"\s*(?:(?:[-–—•*·▪◦‣]|\d{1,3}[.)])\s+)?")
_RULE = re.compile(r"[\s|:+=_-]*")
_WORD = re.compile(r"[^\W_]+")
_HEADINGS = {
    "company": "company startup name firm business",
    "amount": "amount raised size sum funding money usd eur",
    "series": "round series stage type",
    "purpose": "purpose what description sector industry",
    "url": "link url website web source address",
}
_FIELD_OF = {word: name for name, words in _HEADINGS.items() for word in words.split()}
_CONNECTING = frozenset(
    """a an and announced announces attracted attracts bagged bags brought capital closed closes collected collects
    completed completes emerged equity financing for from funding gets got had has have hauled in into investment it its
    just landed lands locked nabbed nabs netted nets of on picked pulled raise raised raises raising received receives
    round said says scooped scored scores secured secures snagged snags stealth that the they took venture with
    worth""".split()
)
"""Words that a row says by being a row."""
_PICKED_UP = re.compile(r"\b(?:picked|picks|scooped) up\b", re.IGNORECASE)
_LOOKS = {
    "a valuation": r"\bvalu(?:ed|ation)|\bworth\b|\bunicorn\b",
    "a total to date": r"\bto date\b|\bso far\b|\bin total\b|\baltogether\b|\btotal\b",
    "revenue": r"\brevenues?\b|\bsales\b|\bturnover\b|\bprofits?\b|\bearnings\b",
    "a takeover": r"\bacqui|\bmerge|\bbuyout\b|\btakeover\b|\bbought\b|\bbuys\b",
    "a public offering": r"\bipo\b|\bpublic offering\b|\bwent public\b",
}


def tell(pasted: str) -> Iterator[tuple[str, list[Told]]]:
    """Each line that says something, and what it says: sentence by sentence, or as the row of a table.

    A line that only names the columns of a table says nothing: its words are the labels of the rows.
    """
    columns = _Columns()
    for line in pasted.splitlines():
        cells = _cells(line)
        if cells and (named := _named(cells)):
            columns = named
        elif cells:
            yield line, [_of_cells(cells, columns)]
        elif not _RULE.fullmatch(line):
            yield line, list(_of_sentences(_BULLET.sub("", line, count=1)))


# Sentences


def _of_sentences(line: str) -> Iterator[Told]:
    runs = _runs(line)
    for start, end in sentences.spans(model.text_of(runs)):
        yield _of_sentence(model.cut(runs, start, end))


def _of_sentence(runs: Runs) -> Told:
    """Bare addresses are read beside the sentence, or they would be part of the purpose."""
    said = "".join("" if run.href == run.text else run.text for run in runs)
    said = re.sub(r"\(\s*\)|\s+(?=[.!;]*$)", "", said)
    read = read_with_rest(said)
    if read is None:
        return Told(_paragraph(runs), hint=_hint(said))
    row, rest = read
    links = list(dict.fromkeys(run.href for run in runs if run.href))
    row["url"] = links[0] if links else ""
    return Told(_paragraph(runs), row, _rest(row, [rest, _unsaid(said, row, rest), *links[1:]]))


def _unsaid(said: str, row: Mapping[str, Any], rest: str) -> str:
    """Words of the sentence that neither the row nor the rest has: “reportedly”, or “nearly” with the amount it is said of."""
    has = Counter(_words(" ".join([row["company"], row["series"], row["purpose"], rest])))
    before, amount, after = _around_amount(said, row)
    unsaid = [_unknown(before, has), _unknown(after, has)]
    if unsaid[0] and before.split()[-1:] == unsaid[0].split()[-1:]:
        unsaid[0] = f"{unsaid[0]} {amount}"
    return " ".join(filter(None, unsaid))


def _unknown(said: str, has: Counter[str]) -> str:
    """Words that are not among those that a row ``has``, nor said by it; each that is counts once."""
    unknown = []
    for word in _WORD.findall(_PICKED_UP.sub("raised", said)):
        if has[word.casefold()]:
            has[word.casefold()] -= 1
        elif word.casefold() not in _CONNECTING:
            unknown.append(word)
    return " ".join(unknown)


def _around_amount(said: str, row: Mapping[str, Any]) -> tuple[str, str, str]:
    """The sentence before, in and after the amount that stands in the row."""
    start = 0
    while found := amount_in(said[start:]):
        amount, begins, ends = found
        if (_plain(amount), amount.currency) == (row["amount"], row["currency"]):
            return said[: start + begins], said[start + begins : start + ends], said[start + ends :]
        start += ends
    return said, "", ""


# Tables


def _cells(line: str) -> list[str]:
    """The cells of a row, parted by tabs or by bars that frame the line as well; none if it is no row."""
    line = line.strip(" \r\n")
    if "\t" in line.strip():
        return [cell.strip() for cell in line.split("\t")]
    if line.count("|") > 2 and line[0] == line[-1] == "|" and not _RULE.fullmatch(line):
        return [cell.strip() for cell in line[1:-1].split("|")]
    return []


def _named(cells: Sequence[str]) -> _Columns | None:
    """What the columns hold, if the cells are nothing but headings, a company and an amount among them."""
    fields: dict[int, str] = {}
    for place, cell in enumerate(cells):
        name = next((_FIELD_OF[word] for word in _words(cell) if word in _FIELD_OF), "")
        if name and name not in fields.values() and all(word in _FIELD_OF for word in _words(cell)):
            fields[place] = name
    if not {"company", "amount"} <= set(fields.values()):
        return None
    return _Columns(fields, {place: cell for place, cell in enumerate(cells) if place not in fields})


def _of_cells(cells: Sequence[str], columns: _Columns) -> Told:
    fields = columns.fields or _guessed(cells)
    has = {name: cells[place] for place, name in fields.items() if place < len(cells)}
    company = _runs(_BULLET.sub("", has.get("company", ""), count=1))
    money = has.get("amount", "")
    found = amount_in(money) or _figure(money)
    text = _paragraph(_runs(" · ".join(filter(None, cells))))
    if not company or not found or _looks_like(money):
        return Told(text, hint=_hint(" ".join(cells)))
    amount, start, end = found
    beside = f"{money[:start]} {money[end:]}"
    series = has.get("series") or series_in(beside)
    url = next((run.href for run in (*_runs(has.get("url", "")), *company) if run.href), "")
    row = {
        "company": " ".join(model.text_of(company).split()),
        "amount": _plain(amount),
        "currency": amount.currency,
        "series": series,
        "purpose": has.get("purpose", ""),
        "url": url,
    }
    others = (
        f"{columns.others.get(place, '')} {cell}".strip()
        for place, cell in enumerate(cells)
        if cell and place not in fields
    )
    unlinked = "" if any(run.href for run in _runs(has.get("url", ""))) else has.get("url", "")
    return Told(text, row, _rest(row, [_beside(beside, series), unlinked, *others]))


def _guessed(cells: Sequence[str]) -> dict[int, str]:
    """What cells without headings hold: the first words the company, the next the purpose, the first amount the amount."""
    fields: dict[int, str] = {}
    for place, cell in enumerate(cells):
        name = _kind_of(cell)
        if name == "company" and "company" in fields.values():
            name = "purpose"
        if cell and name not in fields.values():
            fields[place] = name
    return fields


def _kind_of(cell: str) -> str:
    if any(run.href == cell for run in _runs(cell)):
        return "url"
    if cell and series_in(cell) == cell:
        return "series"
    return "amount" if read_amount(cell) else "company"


def _figure(cell: str) -> tuple[Amount, int, int] | None:
    """A figure without a currency, as a column of amounts may hold it."""
    amount = read_amount(cell)
    return (amount, 0, len(cell)) if amount else None


def _beside(beside: str, series: str) -> str:
    """What stands beside an amount and says more than that it is one."""
    return _unknown(beside.replace(series, " ", 1) if series else beside, Counter())


# Words


def _rest(row: Mapping[str, Any], left: Iterable[str]) -> str:
    said = "; ".join(filter(None, left))
    return _paragraph(_runs(f"{row['company']}: {said}")) if said else ""


def _hint(said: str) -> str:
    return _looks_like(said) if amount_in(said) else ""


def _looks_like(said: str) -> str:
    return next((looks for looks, sign in _LOOKS.items() if re.search(sign, said, re.IGNORECASE)), "")


def _plain(amount: Amount) -> str | None:
    return None if amount.amount is None else format(amount.amount, "f")


def _runs(words: str) -> Runs:
    return richtext.parse_inline(richtext.inline_from_markup(words))


def _paragraph(runs: Runs) -> str:
    return sections.rich([Piece("text", runs)])


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]
