"""What is said to the relay, against a relay that may say anything, or nothing, at any step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from newsroom.delivery.relay.conversation import Dropped, Reply, Words, converse

ANSWERS = ["usual"] * 8 + ["450", "452 4.7.1", "550", "554", "421", "999", "hang up", "late hang up"]
answers = st.lists(st.sampled_from(ANSWERS), max_size=40)


@dataclass(frozen=True)
class Parcel:
    sender: bytes
    recipient: bytes

    def body(self) -> bytes:
        return b"Subject: to %b\r\n\r\nHello.\r\n" % self.recipient


@dataclass
class Box:
    """A letterbox that writes down the fate of every parcel."""

    parcels: list[Parcel]
    fates: list[tuple[str, bytes]] = field(default_factory=list)
    in_flight: set[bytes] = field(default_factory=set)
    backlog: int = 0

    @property
    def closed(self) -> bool:
        return not self.parcels

    def take(self) -> Parcel | None:
        return self.parcels.pop(0) if self.parcels else None

    def handing_over(self, parcel: Parcel) -> None:
        self.in_flight.add(parcel.recipient)
        assert len(self.in_flight) == 1, "two bodies of one connection are on their way"

    def accepted(self, parcel: Parcel, reply: Reply) -> None:
        self._settled("accepted", parcel)

    def refused(self, parcel: Parcel, reply: Reply) -> None:
        assert 400 <= reply.code <= 599
        self._settled("refused", parcel)

    def put_back(self, parcel: Parcel) -> None:
        assert parcel.recipient not in self.in_flight
        self._settled("put back", parcel)

    def doubted(self, parcel: Parcel, why: str) -> None:
        assert parcel.recipient in self.in_flight
        self._settled("in doubt", parcel)

    def unwelcome(self, reply: Reply) -> None:
        self.fates.append(("unwelcome", b""))

    def _settled(self, fate: str, parcel: Parcel) -> None:
        self.in_flight.discard(parcel.recipient)
        self.fates.append((fate, parcel.recipient))

    def those(self, fate: str) -> list[bytes]:
        return [recipient for each, recipient in self.fates if each == fate]


class HangUp(Exception):
    pass


@dataclass
class Relay:
    """As strict as a relay may be: nested MAIL, RCPT without MAIL and DATA without RCPT are refused."""

    script: Iterator[str]
    data_without_recipients: bool
    took: list[bytes] = field(default_factory=list)
    mail: bool = False
    recipient: bytes = b""
    body: bytes | None = None

    def hear(self, words: Words) -> Iterator[Reply]:
        for line in b"".join(words).split(b"\r\n")[:-1]:
            if self.body is not None:
                if line != b".":
                    self.body += line + b"\r\n"
                    continue
                yield self._said(self._end)
                continue
            verb = line.split(b" ")[0].split(b":")[0]
            usual = {
                b"MAIL": self._mail,
                b"RCPT": partial(self._rcpt, line),
                b"DATA": self._data,
                b"RSET": self._rset,
                b"QUIT": lambda: 221,
            }
            yield self._said(usual[verb])

    def _said(self, usual: Callable[[], int]) -> Reply:
        answer = next(self.script, "usual")
        if answer == "hang up":
            raise HangUp
        if answer in ("usual", "late hang up"):
            code = usual()
            if answer == "late hang up":
                raise HangUp  # it did it, and did not say so
            return Reply(code, "")
        if self.body is not None:
            self._forget()
        return Reply(int(answer[:3]), answer[4:])

    def _mail(self) -> int:
        if self.mail:
            return 503
        self.mail = True
        return 250

    def _rcpt(self, line: bytes) -> int:
        if not self.mail:
            return 503
        self.recipient = line.partition(b"<")[2].rstrip(b">")
        return 250

    def _data(self) -> int:
        if not self.mail or not (self.recipient or self.data_without_recipients):
            return 503
        self.body = b""
        return 354

    def _end(self) -> int:
        recipient, body = self.recipient, self.body
        self._forget()
        if not recipient:
            return 554
        assert body == Parcel(b"", recipient).body()
        self.took.append(recipient)
        return 250

    def _rset(self) -> int:
        self._forget()
        return 250

    def _forget(self) -> None:
        self.mail, self.recipient, self.body = False, b"", None


def talk(box: Box, relay: Relay, *, pipelining: bool) -> None:
    conversation = converse(box, pipelining=pipelining)
    words, awaited = next(conversation)
    while True:
        replies: list[Reply] = []
        try:
            replies.extend(relay.hear(words))
        except HangUp:
            try:
                conversation.throw(Dropped("It hung up", replies[:awaited]))
            except (Dropped, StopIteration):
                return
            raise AssertionError("it talks on after the end") from None
        assert len(replies) >= awaited
        try:
            words, awaited = conversation.send(replies[:awaited])
        except (StopIteration, Dropped):
            return


@given(
    count=st.integers(0, 8), script=answers, pipelining=st.booleans(), data_without_recipients=st.booleans()
)
def test_every_parcel_has_one_fate_and_it_is_true(count, script, pipelining, data_without_recipients):
    waiting = [Parcel(b"us@quay.example", b"%d@readers.example" % number) for number in range(count)]
    box, relay = Box(list(waiting)), Relay(iter(script), data_without_recipients)
    talk(box, relay, pipelining=pipelining)

    untouched = {parcel.recipient for parcel in box.parcels}
    settled = [recipient for fate, recipient in box.fates if fate != "unwelcome"]
    assert sorted([*settled, *untouched]) == sorted(parcel.recipient for parcel in waiting)
    assert not box.in_flight
    assert len(box.those("in doubt")) <= 1 + script.count("999")
    assert set(box.those("accepted")) <= set(relay.took)
    assert set(relay.took) <= set(box.those("accepted")) | set(box.those("in doubt"))
    assert len(relay.took) == len(set(relay.took))


@given(count=st.integers(0, 8), pipelining=st.booleans())
def test_a_relay_that_agrees_takes_all_in_order(count, pipelining):
    box = Box([Parcel(b"us@quay.example", b"%d@readers.example" % number) for number in range(count)])
    relay = Relay(iter(()), data_without_recipients=False)
    talk(box, relay, pipelining=pipelining)
    assert relay.took == box.those("accepted") == [b"%d@readers.example" % number for number in range(count)]


def test_a_message_costs_one_round_trip():
    box = Box([Parcel(b"us@quay.example", b"%d@readers.example" % number) for number in range(10)])
    conversation = converse(box, pipelining=True)
    relay = Relay(iter(()), data_without_recipients=False)
    words, _ = next(conversation)
    trips = 0
    while list(words) != [b"QUIT\r\n"]:
        trips += 1
        words, _ = conversation.send(list(relay.hear(words)))
    assert trips == 11
