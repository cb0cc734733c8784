"""What differs per reader stands in a rendering as a slot, filled when the mail is composed."""

UNSUBSCRIBE = "%%UNSUBSCRIBE%%"
"""Address of the reader's own page to leave."""

ALL = (UNSUBSCRIBE,)


def shown(rendering: str, site_url: str) -> str:
    """A rendering as somebody at the desk sees it: the slot as an address that is nobody's."""
    return rendering.replace(UNSUBSCRIBE, f"{site_url}/u/…/")


def disarmed(text: str) -> str:
    """Text in which nobody's words can be mistaken for a slot."""
    for slot in ALL:
        text = text.replace(slot, slot.strip("%"))
    return text
