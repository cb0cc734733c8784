"""Finding a block kind's templates beside its code: ``blocks/<kind>/<file>`` in any installed app."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.template import Engine, Origin, TemplateDoesNotExist
from django.template.loaders.base import Loader as BaseLoader


class Loader(BaseLoader):
    """Loads only the named files, so that one engine never sees another's templates."""

    def __init__(self, engine: Engine, files: list[str] | tuple[str, ...]) -> None:
        super().__init__(engine)
        self.files = frozenset(files)

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        parts = template_name.split("/")
        if (
            len(parts) != 3
            or parts[0] != "blocks"
            or not parts[1].isidentifier()
            or parts[2] not in self.files
        ):
            return
        for app in apps.get_app_configs():
            yield Origin(str(Path(app.path, *parts)), template_name, self)

    def get_contents(self, origin: Any) -> str:
        try:
            return Path(origin.name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise TemplateDoesNotExist(origin) from None
