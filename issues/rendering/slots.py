"""What differs per reader stands in a rendering as a slot, filled when the mail is composed."""

UNSUBSCRIBE = "%%UNSUBSCRIBE%%"
"""Address of the reader's own page to leave."""

ALL = (UNSUBSCRIBE,)


def disarmed(text: str) -> str:
    """Text in which nobody's words can be mistaken for a slot."""
    for slot in ALL:
        text = text.replace(slot, slot.strip("%"))
    return text
