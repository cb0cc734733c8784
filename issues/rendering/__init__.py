"""From a snapshot to what readers get. Pure: no database, no clock, no network."""

from issues.rendering.render import HREF, Rendered, render

__all__ = ["HREF", "Rendered", "render"]
