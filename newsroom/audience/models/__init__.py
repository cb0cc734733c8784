"""Readers, what they have asked for, and whom nobody writes to; one idea a file."""

from newsroom.audience.models.asking import Asking
from newsroom.audience.models.consent import Consent
from newsroom.audience.models.intake import INTAKE_MOVES, Intake, IntakeStatus
from newsroom.audience.models.people import GONE, MailingList, Status, Subscriber, Subscription
from newsroom.audience.models.segment import Segment
from newsroom.audience.models.suppression import Reason, Suppression, SuppressionEvent

__all__ = [
    "GONE",
    "INTAKE_MOVES",
    "Asking",
    "Consent",
    "Intake",
    "IntakeStatus",
    "MailingList",
    "Reason",
    "Segment",
    "Status",
    "Subscriber",
    "Subscription",
    "Suppression",
    "SuppressionEvent",
]
