"""A picture with its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from issues import images
from issues.blocks.base import BlockType, Facts, Placed, Problem, blocker
from issues.blocks.fields import BlockForm, one_line, web_address
from issues.models import Image, Issue
from newsroom.lib.errors import Refused


@dataclass(frozen=True)
class Picture:
    """``image`` is the id of an ``Image`` row; either ``alt`` or ``decorative`` must be decided before it goes out."""

    image: int | None = None
    alt: str = ""
    decorative: bool = False
    caption: str = ""
    credit: str = ""
    url: str = ""


class PictureForm(BlockForm):
    upload = forms.FileField(
        label="Picture",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/gif,image/webp"}),
        help_text="JPEG, PNG, GIF or WebP, at most 8 MB.",
    )
    alt = one_line("Alternative text", help_text="What the picture shows, for those who cannot see it.")
    decorative = forms.BooleanField(label="Decorative: there is nothing to describe", required=False)
    caption = one_line("Caption")
    credit = one_line("Credit")
    url = web_address()

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload is None:
            return None
        try:
            return images.decode(upload)
        except Refused as error:
            raise ValidationError(str(error)) from error

    def to_data(self, before: Picture) -> Picture:
        after: Picture = super().to_data(before)
        decoded = self.cleaned_data["upload"]
        if decoded is None:
            return after
        return Picture(**{**vars(after), "image": images.keep(decoded).pk})


class Block(BlockType[Picture]):
    label = "Image"
    icon = "image"
    hint = "A picture, with words for those who cannot see it"
    order = 45
    data = Picture
    form = PictureForm
    sample = Picture(
        alt="A red ferry passes the old lighthouse.", caption="The 7:40, on time.", credit="Ines Falk"
    )

    def summary(self, data: Picture) -> str:
        return data.caption or data.alt

    def gather(self, issue: Issue, blocks: Sequence[Placed[Picture]]) -> dict[UUID, Facts]:
        rows = Image.objects.in_bulk([each.data.image for each in blocks if each.data.image])
        return {each.uid: rows[each.data.image].facts() for each in blocks if each.data.image in rows}

    def problems(self, issue: Issue, blocks: Sequence[Placed[Picture]]) -> list[Problem]:
        missing = [blocker("An image block has no picture.", each) for each in blocks if not each.data.image]
        mute = [
            blocker("A picture needs alternative text, or must be marked as decorative.", each)
            for each in blocks
            if not each.data.alt and not each.data.decorative
        ]
        return missing + mute

    def project(self, issue: Issue, blocks: Sequence[Placed[Picture]]) -> None:
        Image.objects.hold_for(issue, {each.data.image for each in blocks if each.data.image})
