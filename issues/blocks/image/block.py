"""A picture with its words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from issues import images
from issues.blocks.base import BlockType, Facts, Placed, Problem, blocker, warning
from issues.blocks.fields import BlockForm, is_key, one_line, web_address
from issues.models import Image, Issue
from newsroom.lib.errors import Refused

ALT_ADVICE = 125
"""Characters; some screen readers stop in the middle of longer ones."""


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
    """``image`` names a picture that was uploaded before; a file that comes with the form takes its place."""

    upload = forms.FileField(
        label="Picture",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/gif,image/webp"}),
        help_text="JPEG, PNG, GIF or WebP, at most 8 MB. A moving picture stands still in the mail.",
    )
    image = forms.CharField(required=False, widget=forms.HiddenInput)
    alt = forms.CharField(
        label="Alternative text",
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"data-advised": ALT_ADVICE}),
        help_text=f"What the picture shows, for those who cannot see it; about {ALT_ADVICE} characters are read out well.",
    )
    decorative = forms.BooleanField(label="Decorative: there is nothing to describe", required=False)
    caption = one_line("Caption")
    credit = one_line("Credit")
    url = web_address()

    def clean_upload(self) -> images.Decoded | None:
        upload = self.cleaned_data["upload"]
        if upload is None:
            return None
        try:
            return images.decode(upload)
        except Refused as error:
            raise ValidationError(str(error)) from error

    def clean_image(self) -> int | None:
        given = self.cleaned_data["image"]
        if not given:
            return None
        if not is_key(given) or not Image.objects.filter(pk=int(given)).exists():
            raise ValidationError("This picture is not on the desk. Upload it again.")
        return int(given)

    def to_data(self, before: Picture) -> Picture:
        """Keeps the file that came with the form; the same file twice is one picture."""
        after: Picture = super().to_data(before)
        decoded = self.cleaned_data.get("upload")
        return replace(after, image=images.keep(decoded).pk) if decoded else after


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
        there = self.gather(issue, blocks)
        missing = [
            blocker("An image block has no picture.", each) for each in blocks if each.uid not in there
        ]
        mute = [
            blocker("A picture needs alternative text, or must be marked as decorative.", each)
            for each in blocks
            if not each.data.alt and not each.data.decorative
        ]
        long = [
            warning(
                f"The alternative text has {len(each.data.alt)} characters; {ALT_ADVICE} are read out well.",
                each,
            )
            for each in blocks
            if len(each.data.alt) > ALT_ADVICE and not each.data.decorative
        ]
        return missing + mute + long

    def project(self, issue: Issue, blocks: Sequence[Placed[Picture]]) -> None:
        Image.objects.hold_for(issue, {each.data.image for each in blocks if each.data.image})
