"""All block kinds, discovered as Django discovers ``admin.py``: ``<app>/blocks/<kind>/block.py`` in any installed app."""

import importlib
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps

from issues.blocks.base import BlockType, UnknownKind


def kinds() -> list[BlockType[Any]]:
    """Every kind, in the order of the add menu."""
    return list(_discovered().values())


def kind(name: str) -> BlockType[Any]:
    """The kind with that folder name. Raises ``UnknownKind``."""
    try:
        return _discovered()[name]
    except KeyError:
        raise UnknownKind(f"There is no block kind called “{name}”.") from None


@cache
def _discovered() -> dict[str, BlockType[Any]]:
    found = [_load(app.name, folder) for app in apps.get_app_configs() for folder in _folders(Path(app.path))]
    return {each.kind: each for each in sorted(found, key=lambda each: (each.order, each.kind))}


def _folders(app: Path) -> list[Path]:
    return sorted(path.parent for path in app.glob("blocks/*/block.py"))


def _load(app: str, folder: Path) -> BlockType[Any]:
    module = importlib.import_module(f"{app}.blocks.{folder.name}.block")
    block_type: BlockType[Any] = module.Block()
    block_type.kind = folder.name
    block_type.folder = folder
    return block_type
