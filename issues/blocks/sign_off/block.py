"""The last words."""

from dataclasses import dataclass

from issues import richtext
from issues.blocks.base import BlockType
from issues.blocks.fields import BlockForm, RichText


@dataclass(frozen=True)
class SignOff:
    """``body`` is rich text."""

    body: str = ""


class SignOffForm(BlockForm):
    body = RichText(label="Goodbye", required=False)


class Block(BlockType[SignOff]):
    label = "Sign-off"
    icon = "wave"
    hint = "The last words"
    order = 110
    data = SignOff
    form = SignOffForm
    sample = SignOff("<p>That is all from the quay. Back tomorrow, whatever the weather.</p>")

    def summary(self, data: SignOff) -> str:
        return richtext.plain(data.body)
