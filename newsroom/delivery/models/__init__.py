"""Sends, the work they are shared out in, and what came back; one idea a file."""

from newsroom.delivery.models.returns import Return, ReturnKind
from newsroom.delivery.models.sends import (
    LIVE,
    SEND_MOVES,
    Policy,
    Printing,
    Pulse,
    Send,
    SendEvent,
    SendStatus,
    Stage,
)
from newsroom.delivery.models.spools import Bookmark
from newsroom.delivery.models.work import (
    Chunk,
    ChunkState,
    Delivery,
    Home,
    Outcome,
    RateLimit,
    Worker,
)

__all__ = [
    "LIVE",
    "SEND_MOVES",
    "Bookmark",
    "Chunk",
    "ChunkState",
    "Delivery",
    "Home",
    "Outcome",
    "Policy",
    "Printing",
    "Pulse",
    "RateLimit",
    "Return",
    "ReturnKind",
    "Send",
    "SendEvent",
    "SendStatus",
    "Stage",
    "Worker",
]
