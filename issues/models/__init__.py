"""What an issue is made of, one idea a file."""

from issues.models.block import Block
from issues.models.edition import Edition
from issues.models.event import IssueEvent
from issues.models.funding import FundingRound
from issues.models.image import Image, ImageUse
from issues.models.issue import Issue, Status
from issues.models.publication import Publication

__all__ = [
    "Block",
    "Edition",
    "FundingRound",
    "Image",
    "ImageUse",
    "Issue",
    "IssueEvent",
    "Publication",
    "Status",
]
