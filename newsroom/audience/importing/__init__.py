"""Subscribers from a file: uploaded, rehearsed, taken in; interrupted anywhere, and gone on with (docs/importing.md).

``intakes`` is what pages and commands call. A worker reads (``reading``) a file as a table (``tables``), makes readers of its
rows (``rows``, by the columns that ``presets`` propose), sorts out what cannot be stored (``sorting``, ``firsts``), and puts
the others on the list (``storing``).
"""
