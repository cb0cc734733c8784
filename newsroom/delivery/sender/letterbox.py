"""What a worker has in hand: parcels by turn, and the fate of each in its journal."""

import datetime
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from newsroom.delivery.models import Policy, Send, Worker
from newsroom.delivery.queue import chunks
from newsroom.delivery.queue.chunks import Job
from newsroom.delivery.queue.journal import Mark
from newsroom.delivery.queue.ledger import Ledger
from newsroom.delivery.relay.conversation import Reply
from newsroom.delivery.sender.pacing import Paces
from newsroom.delivery.wire.letter import Letter, Unaddressable
from newsroom.lib.errors import NewsroomError

__all__ = ["Parcel", "Post"]

SILENCE = (OperationalError, InterfaceError)
"""The database does not answer. Any other error of it is a mistake of ours, and loud."""
ASKED = "asked to stop"
DATABASE_BACK_AFTER = 1.0
"""Seconds between two tries while the database does not answer."""
TOO_FAST = ("4.7.", "4.3.2", "4.4.5")
"""Enhanced codes (RFC 3463) by which a server asks for less: policy, not accepting now, congestion."""
PUT_ASIDE_AFTER = 20.0
"""Seconds: whoever would have to wait longer for the pace of their domain goes back, so that their chunk can be closed."""


@dataclass(slots=True)
class Parcel:
    """One reader's message, in its place of a job."""

    job: Job
    place: int
    sender: bytes
    recipient: bytes
    content: bytes

    def body(self) -> bytes:
        return self.content


class Post:
    """The letterbox of ``relay.conversation``: claims chunks when it runs empty, and closes those in which every reader is
    settled.

    All of it happens in the one thread of the exchange: while the database answers, the relay reads what it was given.
    ``stopped`` is why nothing more is taken; ``done`` is this home's own list of closed chunks.
    """

    def __init__(
        self,
        send: Send,
        worker: Worker,
        letter: Letter,
        paces: Paces,
        *,
        clock: Callable[[], datetime.datetime],
        done: Ledger,
        keep_going: Callable[[], bool],
        note: Callable[[str], None],
    ) -> None:
        self.send, self.worker, self.letter, self.paces = send, worker, letter, paces
        self.clock, self.done, self.keep_going, self.note = clock, done, keep_going, note
        self.sent = 0
        self.stopped = ""
        self.silent_database = False
        self._turn: deque[tuple[Job, int]] = deque()
        self._slowed: list[tuple[float, int, Job, int]] = []
        self._numbers = itertools.count()
        self._open: list[Job] = []
        self._no_chunk_until = 0.0
        self._no_chunk = False

    @property
    def in_hand(self) -> tuple[int, int]:
        """How many were sent and how many failed of chunks that are not closed yet."""
        return sum(job.sent for job in self._open), sum(job.failed for job in self._open)

    @property
    def closed(self) -> bool:
        return bool(self.stopped) or (self._no_chunk and not self._turn and not self._slowed)

    @property
    def backlog(self) -> int:
        return len(self._turn)

    def stop(self, why: str) -> None:
        """Take nothing more; what is on its way is finished."""
        self.stopped = self.stopped or why

    def take(self) -> Parcel | None:
        if not self.keep_going():
            self.stop(ASKED)
        now = self.paces.clock()
        while not self.stopped and self.paces.relay.wait(now) == 0:
            turn = self._next(now)
            if turn is None:
                return None
            if parcel := self._parcel(*turn):
                self.paces.relay.spend()
                return parcel
        return None

    def handing_over(self, parcel: Parcel) -> None:
        parcel.job.journal.mark(parcel.place, Mark.HANDED_OVER)

    def accepted(self, parcel: Parcel, reply: Reply) -> None:
        self.sent += 1
        parcel.job.sent += 1
        self._settled(parcel.job, parcel.place, Mark.SENT)

    def refused(self, parcel: Parcel, reply: Reply) -> None:
        """5xx is final. 4xx is tried again later, and slows down what goes to that domain."""
        if reply.permanent:
            self._settled(parcel.job, parcel.place, Mark.FAILED, str(reply))
            return
        if reply.code == 421 or reply.text.startswith(TOO_FAST):
            self._slow_down(_domain(parcel.job, parcel.place), reply)
        self._settled(parcel.job, parcel.place, Mark.PUT_OFF, str(reply))

    def put_back(self, parcel: Parcel) -> None:
        """It counts as a try: a reader on whom the relay hangs up each time must not hold up all the others."""
        self._settled(
            parcel.job, parcel.place, Mark.PUT_OFF, "The mail server hung up before it took the message."
        )

    def doubted(self, parcel: Parcel, why: str) -> None:
        self._settled(parcel.job, parcel.place, Mark.HANDED_OVER, why)

    def unwelcome(self, reply: Reply) -> None:
        if reply.permanent:
            self.stop(f"The mail server does not take mail from us: {reply}")
        else:
            self._slow_down("", reply)

    def tend(self) -> None:
        """What has to be done now and then: close what could not be closed while the database was away."""
        self._close_settled()

    def give_back(self) -> None:
        """At the end: whoever was not reached waits again. Raises ``OperationalError`` if no database is there to be told."""
        for job in self._open:
            self._close(job)
        self._open = []

    def _next(self, now: float) -> tuple[Job, int] | None:
        """Whose turn it is: first those whose domain was slow and may be written to now."""
        if self._slowed and self._slowed[0][0] <= now:
            _, _, job, place = heapq.heappop(self._slowed)
            return job, place
        while self._turn or self._claim(now):
            job, place = self._turn.popleft()
            if not self.paces.domains or not self._slow(job, place, now):
                return job, place
        return None

    def _slow(self, job: Job, place: int, now: float) -> bool:
        """Whether the domain of a reader has to wait; then the reader waits too."""
        pace = self.paces.domains.get(_domain(job, place))
        if pace is None:
            return False
        wait = pace.wait(now)
        if wait > PUT_ASIDE_AFTER:
            job.again_at(self.clock() + datetime.timedelta(seconds=pace.put_aside(now, wait)))
            self._settled(job, place, Mark.UNTOUCHED)
            return True
        pace.spend()
        if wait:
            heapq.heappush(self._slowed, (now + wait, next(self._numbers), job, place))
        return wait > 0

    def _parcel(self, job: Job, place: int) -> Parcel | None:
        reader, address, name = job.rows[place]
        try:
            sender, content = self.letter.message(reader, address, name)
        except Unaddressable as error:
            self._settled(job, place, Mark.FAILED, str(error))
            return None
        return Parcel(job, place, sender, address.encode(), content)

    def _claim(self, now: float) -> bool:
        """Take a chunk into hand; False if there is none now."""
        if now < self._no_chunk_until:
            return False
        try:
            job = chunks.claim(self.send, self.worker, self.letter.printing, done=self.done, now=self.clock())
        except SILENCE:
            self._database_is_silent(now)
            return False
        except OSError as error:
            self.stop(f"There is no room for the journal of this send: {error.strerror}.")
            return False
        except NewsroomError as error:
            self.stop(str(error))
            return False
        self.silent_database = False
        if job is None:
            self._no_chunk, self._no_chunk_until = True, now + DATABASE_BACK_AFTER
            return False
        self._no_chunk = False
        self._open.append(job)
        self._turn.extend((job, place) for place in range(len(job.rows)))
        if not job.rows:
            self._close_settled()
        return True

    def _settled(self, job: Job, place: int, mark: Mark, reply: str = "") -> None:
        job.journal.mark(place, mark)
        if reply:
            job.replies[place] = reply
        job.failed += mark == Mark.FAILED
        job.left -= 1
        if not job.left:
            self._close_settled()

    def _close_settled(self) -> None:
        for job in [each for each in self._open if not each.left]:
            try:
                self._close(job)
            except SILENCE:
                self._database_is_silent(self.paces.clock())
                return
            self._open.remove(job)

    def _close(self, job: Job) -> None:
        if chunks.close(job, resend=self.send.policy == Policy.RESEND, now=self.clock()):
            self.done.add(job.chunk)

    def _database_is_silent(self, now: float) -> None:
        """What is in hand goes on; the journals keep what cannot be written yet."""
        self.silent_database, self._no_chunk = True, False
        self._no_chunk_until = now + DATABASE_BACK_AFTER
        connection.close()

    def _slow_down(self, domain: str, reply: Reply) -> None:
        pace = self.paces.slow_down(domain)
        if pace is not None:
            self.note(f"{domain or 'The mail server'} puts us off ({reply}); slowed to {pace:.3g} a second.")


def _domain(job: Job, place: int) -> str:
    return job.rows[place][1].rpartition("@")[2].lower()
