"""What an issue is made of, one idea a file."""

from issues.models.publication import Publication
from issues.models.edition import Edition
from issues.models.issue import Issue, Status
from issues.models.block import Block
from issues.models.event import IssueEvent
from issues.models.funding import FundingRound
from issues.models.image import Image, ImageUse

__all__ = ["Block", "Edition", "FundingRound", "Image", "ImageUse", "Issue", "IssueEvent", "Publication", "Status"]
