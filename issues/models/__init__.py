"""What an issue is made of, one idea a file."""

from issues.models.block import Block
from issues.models.circulation import Circulation
from issues.models.click import Click
from issues.models.comment import Comment, Mention
from issues.models.contributor import Contributor
from issues.models.edition import Edition
from issues.models.event import IssueEvent
from issues.models.funding import FundingRound
from issues.models.image import Image, ImageUse
from issues.models.issue import Issue, Status
from issues.models.opening import Opening
from issues.models.publication import Holiday, Publication
from issues.models.revision import Revision, SetAside
from issues.models.seat import Seat

__all__ = [
    "Block",
    "Circulation",
    "Click",
    "Comment",
    "Contributor",
    "Edition",
    "FundingRound",
    "Holiday",
    "Image",
    "ImageUse",
    "Issue",
    "IssueEvent",
    "Mention",
    "Opening",
    "Publication",
    "Revision",
    "Seat",
    "SetAside",
    "Status",
]
