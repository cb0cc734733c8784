"""Reading funding rounds: "Glow raised €30M in a Series B led by Fjord to build lamps." and what is no round."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from issues.importing import sections, sentences
from issues.importing.sections import Piece, Reader, Section, Taken
from issues.richtext import Run, model


@dataclass(frozen=True)
class Amount:
    """``amount`` in whole units of ``currency`` (ISO 4217), None if undisclosed."""

    amount: Decimal | None
    currency: str


_SIGNS = {
    "US$": "USD", "C$": "CAD", "CA$": "CAD", "CAD$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "R$": "BRL", "NT$": "TWD", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW",
    "₪": "ILS", "₺": "TRY", "₴": "UAH", "₦": "NGN", "Rs.": "INR", "Rs": "INR", "RMB": "CNY",
}  # fmt: skip
_CODES = (
    "USD EUR GBP CHF SEK NOK DKK INR JPY CNY CAD AUD NZD SGD HKD BRL ILS AED SAR KRW PLN ZAR NGN KES EGP TRY CZK MXN IDR TWD"
).split()
_NAMES = {
    "dollars": "USD", "dollar": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP", "pound": "GBP", "yen": "JPY",
    "yuan": "CNY", "rupees": "INR", "francs": "CHF", "kronor": "SEK", "kroner": "NOK", "shekels": "ILS", "won": "KRW",
    "reais": "BRL",
}  # fmt: skip
_SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "mm": 6, "mil": 6, "mln": 6, "mio": 6, "million": 6, "millions": 6,
    "b": 9, "bn": 9, "bln": 9, "billion": 9, "billions": 9, "t": 12, "tn": 12, "trillion": 12,
}  # fmt: skip
_OTHER_SCALES = {"lakh": 100_000, "crore": 10_000_000}


def _either(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = r"(?P<number>\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,4})?(?![\d,])|\d{1,15}(?:[.,]\d{1,4})?)"
_SCALE = rf"(?:[\s-]?(?P<scale>{_either([*_SCALES, *_OTHER_SCALES])})\b)?"
_BEFORE = re.compile(
    rf"(?<!\w)(?P<currency>{_either([*_SIGNS, *_CODES])})\s?{_NUMBER}\+?{_SCALE}", re.IGNORECASE
)
_AFTER = re.compile(
    rf"(?<![\w.,]){_NUMBER}{_SCALE}[\s-]?(?P<currency>[€£₹]|(?:{_either([*_CODES, *_NAMES])})\b)",
    re.IGNORECASE,
)
_BARE = re.compile(rf"\s*{_NUMBER}{_SCALE}\s*", re.IGNORECASE)
_UNDISCLOSED = re.compile(
    r"\b(?:an? )?(?:undisclosed|unspecified)(?: (?:amount|sum))?(?: of (?:money|funding|capital))?",
    re.IGNORECASE,
)


def read_amount(text: str) -> Amount | None:
    """The first amount of money in ``text`` ("$140 million", "€30M", "US$12.7m", "1.5bn", "undisclosed"), or None.

    A bare number counts only if nothing else stands beside it, and as US dollars.
    """
    found = amount_in(text)
    if found:
        return found[0]
    bare = _BARE.fullmatch(text)
    return Amount(_value(bare), "USD") if bare else None


def amount_in(text: str) -> tuple[Amount, int, int] | None:
    """The first amount with its currency, and where it stands."""
    matches = [match for pattern in (_BEFORE, _AFTER) if (match := pattern.search(text))]
    if matches:
        match = min(matches, key=lambda match: match.start())
        return Amount(_value(match), _currency(match["currency"])), match.start(), match.end()
    silent = _UNDISCLOSED.search(text)
    return (Amount(None, "USD"), silent.start(), silent.end()) if silent else None


def _currency(sign: str) -> str:
    return _SIGNS.get(sign) or _SIGNS.get(sign.upper()) or _NAMES.get(sign.lower()) or sign.upper()


def _value(match: "re.Match[str]") -> Decimal:
    digits = match["number"]
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    scale = (match["scale"] or "").lower()
    amount = Decimal(digits.replace(",", ".")) * Decimal(
        _OTHER_SCALES.get(scale, 10 ** _SCALES.get(scale, 0))
    )
    return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() else amount


# Rounds

_SERIES = (
    r"(?:pre-)?series [a-k](?:-?[1-3])?\+?(?: extension)?|pre-?seed(?: extension)?|seed(?: extension)?|angel|bridge"
    r"|growth(?= (?:round|funding|equity|financing|investment))"
    r"|venture debt|debt|mezzanine|crowdfunding|grant"
)
_ADVERBS = (
    r"(?:has|have|had|just|also|recently|today|this week|now|reportedly|successfully|quietly|yesterday"
    r"|on \w+day|\([^()]{1,40}\),?)"
)
_SURE = (
    r"raised|raises|raise|raising|bagged|bags|nabbed|nabs|landed|lands|scored|scores|picked up|picks up|hauled in"
    r"|pulled in|scooped up"
)
_MAYBE = (
    r"secured|secures|closed(?: on)?|closes(?: on)?|announced|announces|received|receives|completed|completes"
    r"|collected|collects|got|gets"
    r"|brought in|brings in|took in|attracted|attracts|locked in|snagged|snags|netted|nets|emerged from stealth with"
)
_ROUND = re.compile(
    rf"(?P<company>\S.{{0,90}}?)[\s,]+(?:{_ADVERBS}\s+){{0,3}}(?:(?P<sure>{_SURE})|(?P<maybe>{_MAYBE}))\s+(?P<rest>.+)",
    re.IGNORECASE,
)
_LISTED = re.compile(r"(?P<company>[^\W_a-z][^:–—|()]{1,50}?)\s*(?::|–|—|\||\(|,)\s*(?P<rest>\(?.+)")
_QUANTITY = (
    r"(?:an?|its|their|the|another|about|around|roughly|approximately|nearly|almost|over|more than|up to|at least"
    r"|some|close to|just|additional"
    r"|new|fresh|further|extra|first|second|latest|oversubscribed|massive|whopping|initial|total of|round of|raise of|roughly)"
)
_LEAD_IN = re.compile(
    rf"(?:{_QUANTITY}[\s-]+){{0,5}}(?:(?:{_SERIES})\s*(?:(?:funding|financing|investment|venture|equity)\s+)?(?:round"
    rf"|funding|financing|investment|capital)?\s*"
    rf"(?:of|worth|totaling|totalling|at|with|\()?\s*|(?:funding|financing|investment|round"
    rf"|capital)(?:\s+round)?\s+(?:of|worth)\s+)?(?:{_QUANTITY}[\s-]+){{0,3}}",
    re.IGNORECASE,
)
_NOUN = (
    r"(?:equity|venture|funding|financing|investment|capital|round|raise|money|growth|strategic|extension|debt"
    r"|and(?=\s+(?:equity|debt|venture|growth)\b))"
)
_DESCRIPTION = re.compile(
    rf"[\s,(]*(?:(?:in|of|via|as|through|with|worth of)\s+)?(?:{_QUANTITY}[\s-]+){{0,4}}"
    rf"(?:(?P<series>{_SERIES})\b\s*(?:{_NOUN}\b\s*){{0,5}}|(?:{_NOUN}\b\s*){{1,5}})\)?",
    re.IGNORECASE,
)
_IS_FUNDING = re.compile(
    rf"\b(?:{_SERIES}|funding|fundrais\w+|financing|investment|investors?|venture|round|led by|co-led|backed by|raise)\b",
    re.IGNORECASE,
)
_NO_ROUND = re.compile(
    r"\b(?:to date|so far|in total|altogether|total(?:ing|ling)? (?:funding|raised)|acqui(?:re|red|res|sition|ring)"
    r"|merger|buyout|revenue|sales"
    r"|profit|earnings|dividend|deal to buy|stock price|share price|forecast|guidance|in donations|for charity|fine"
    r"|settlement|contract"
    r"|ipo|initial public offering|went public)\b",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:it|he|she|they|we|you|i|who|which|that|this|the (?:company|startup|firm|group|deal|round)|investors?|and|but"
    r"|if|when|while|after|before"
    r"|because|although|as|since|in|on|by|at|with|meanwhile|analysts?|lawmakers?|officials?)\b|.*\b(?:said|says"
    r"|because|if|that|which|whether|after)\b",
    re.IGNORECASE,
)
_BASED = re.compile(r"(?P<where>(?:[^\W\d_a-z][\w.’'-]*[\s-]){0,3}?[^\W\d_a-z][\w.’'-]*-based)\s+")
_PURPOSE = re.compile(r"(?:^|[\s,])(?P<purpose>(?:to (?!date\b)|for )(?=\S).+)$", re.IGNORECASE)
_STOPS_PURPOSE = re.compile(
    r",?\s+(?:in a (?:round|deal|series)\b|led by\b|co-led by\b|backed by\b|with (?:participation|backing)\b"
    r"|at an?\b.{0,30}\bvaluation\b)",
    re.IGNORECASE,
)
_ENDS_OBJECT = re.compile(r"\s*(?:$|(?:to|for|from)\s)", re.IGNORECASE)
_SAID_OF_ITSELF = re.compile(
    r"\s(?:today |yesterday )?(?:announce[sd]?|said|says)(?: today| yesterday| on \w+day| \w+day)?(?: that)? (?:it"
    r"|they)(?: has| have| had|[’']s)?(?=\s)",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(
    r"(?P<what>(?:\S+\s){0,4}?(?:startup|start-up|company|maker|provider|platform|firm|developer|unicorn"
    r"|specialist)s?)\s+(?=[A-Z0-9])"
)
_COMPANY_WORDS = 7


def read_round(sentence: str) -> dict[str, Any] | None:
    """One funding round as the kind stores it, or None if the sentence tells of no round (a valuation, a takeover, a total)."""
    read = read_with_rest(sentence)
    return read[0] if read else None


def read_with_rest(sentence: str) -> tuple[dict[str, Any], str] | None:
    """A round and the words of its sentence that no field of it keeps."""
    sentence = " ".join(sentence.split())
    text = _SAID_OF_ITSELF.sub("", sentence.rstrip(" .!;"), count=1)
    told = _ROUND.match(text) if len(text) < 600 else None
    if told:
        return _told(told)
    listed = _LISTED.match(text) if len(text) < 300 else None
    return _listed(listed) if listed else None


def _told(told: "re.Match[str]") -> tuple[dict[str, Any], str] | None:
    company, aside = _company(told["company"])
    lead = _LEAD_IN.match(told["rest"])
    found = amount_in(told["rest"])
    if not company or not found or not lead or found[1] > lead.end():
        return None
    if _NO_ROUND.search(_core(told["rest"])) or not (
        told["sure"] or _is_funding(told["maybe"], told["rest"], found[2])
    ):
        return None
    return _round(company, aside, told["rest"], found)


def _is_funding(verb: str, rest: str, end: int) -> bool:
    """Whether a verb that is said of many things ("secured", "announced") is said of a round."""
    if _IS_FUNDING.search(rest):
        return True
    return verb.lower().startswith(("secur", "clos", "complet")) and bool(_ENDS_OBJECT.match(rest, end))


def _listed(listed: "re.Match[str]") -> tuple[dict[str, Any], str] | None:
    company, aside = _company(listed["company"])
    found = amount_in(listed["rest"])
    lead = _LEAD_IN.match(listed["rest"])
    if not company or not found or not lead or found[1] > lead.end() or found[0].amount is None:
        return None
    after = listed["rest"][found[2] :]
    if _NO_ROUND.search(after) or not (
        re.search(rf"\b(?:{_SERIES}|round|funding|led by|raised?)\b", listed["rest"], re.IGNORECASE)
    ):
        return None
    return _round(company, aside, listed["rest"], found)


def _core(rest: str) -> str:
    """What is said of the amount itself, before the purpose."""
    purpose = _PURPOSE.search(rest)
    return rest[: purpose.start()] if purpose else rest


def _company(words: str) -> tuple[str, str]:
    """The company's name, and what else stood before the verb; no name if the words are about nobody in particular."""
    name, _, aside = re.sub(r"^\W+", "", words).strip(" ,–—-:").partition(", ")
    for before in (_BASED, _DESCRIBED):
        said = before.match(name)
        if said:
            name, aside = name[said.end() :], f"{said[1]} {aside}".strip()
    proper = (
        name[:1].isupper()
        or name[:1].isdigit()
        or any(letter.isupper() for letter in name.split(" ")[0])
        or name.islower()
    )
    if not proper or len(name.split()) > _COMPANY_WORDS or _NOBODY.match(name) or amount_in(name):
        return "", ""
    return name, aside.strip(" ,")


def _round(company: str, aside: str, rest: str, found: tuple[Amount, int, int]) -> tuple[dict[str, Any], str]:
    amount, start, end = found
    described = _DESCRIPTION.match(rest, end)
    after = rest[described.end() :] if described else rest[end:]
    series = series_in(rest[:start]) or (described["series"] if described else "") or ""
    purpose = _PURPOSE.search(after)
    said = purpose["purpose"] if purpose else ""
    left = after[: purpose.start()] if purpose else after
    stop = _STOPS_PURPOSE.search(said)
    if stop:
        said, left = said[: stop.start()], f"{left} {said[stop.start() :]}"
    data = {
        "company": company,
        "amount": None if amount.amount is None else format(amount.amount, "f"),
        "currency": amount.currency,
        "series": series.strip(),
        "purpose": said.strip(" ,"),
        "url": "",
    }
    return data, "; ".join(part for part in (aside, left.strip(" ,;()")) if part)


def series_in(words: str) -> str:
    match = re.search(rf"\b(?:{_SERIES})", words, re.IGNORECASE)
    return match[0] if match else ""


# Sections

_HEADING = re.compile(
    r"\bfinancial corner\b|\bfunding\b|\bfundrais\w+|\bwho raised\b|\bmoney (?:in|moves|raised)\b|\braises\b"
    r"|\bventure (?:deals|capital deals)\b"
    r"|\b(?:vc|startup|the) deals\b|^deals$|\bfinancings?\b|\bfresh (?:money|cash|capital)\b|\brounds\b"
    r"|\bin the money\b|\bfollow the money\b",
    re.IGNORECASE,
)


def read(section: Section) -> Taken | None:
    """A section that says it is about funding, or whose sentences mostly are rounds."""
    named = bool(_HEADING.search(section.heading))
    if not named and not amount_in(section.text):
        return None
    told = list(_told_in(section.pieces))
    rounds = [(runs, read) for runs in told if (read := read_with_rest(model.text_of(runs)))]
    if not rounds or not (named or (len(rounds) > 1 and len(rounds) * 3 >= len(told) * 2)):
        return None
    if section.first and not named:
        return None
    data = {
        "heading": section.heading,
        "rounds": [_with_link(*each) for each in rounds],
        "notes": _notes(told),
    }
    return Taken(data, {"lines": [model.text_of(runs) for runs, _ in rounds]})


def _told_in(pieces: Sequence[Piece]) -> Iterator[tuple[Run, ...]]:
    """Sentence after sentence; an item of a list is one if it tells of one round."""
    for piece in pieces:
        for runs in [entry.runs for entry in piece.entries] if piece.kind == "list" else [piece.runs]:
            yield from (model.cut(runs, start, end) for start, end in sentences.spans(model.text_of(runs)))


def _with_link(runs: tuple[Run, ...], read: tuple[dict[str, Any], str]) -> dict[str, Any]:
    return {**read[0], "url": next((run.href for run in runs if run.href), "")}


def _notes(told: Sequence[tuple[Run, ...]]) -> str:
    """Sentences that are no rounds, and words of rounds that have no field."""
    notes: list[Piece] = []
    for runs in told:
        read = read_with_rest(model.text_of(runs))
        if read is None:
            notes.append(Piece("text", runs))
        elif read[1]:
            notes.append(Piece("text", (Run(f"{read[0]['company']}: {read[1]}"),)))
    return sections.rich(notes)


READER = Reader(order=55, read=read)
