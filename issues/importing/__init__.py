"""Reading a draft: from whatever an editor wrote or pasted to a title and blocks, without touching the database.

``decoding`` makes text of bytes, ``lines`` lines of text or HTML, ``furniture`` takes out what belongs to the page and
not to the issue, ``sections`` gathers lines into pieces and pieces into sections, and every block kind reads the sections
it knows (``<app>/blocks/<kind>/reading.py``). What no kind knows is a story; nothing is ever lost.
"""

from issues.importing.decoding import Unreadable
from issues.importing.drafts import Draft, Found
from issues.importing.outlining import outline
from issues.importing.reading import read

__all__ = ["Draft", "Found", "Unreadable", "outline", "read"]
