"""The shape of the house (docs/architecture.md), enforced by reading every import."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("newsroom", "issues", "sponsors")

BELOW = {
    "newsroom.lib": set(),
    "issues": {"newsroom.lib"},
    "newsroom.audience": {"newsroom.lib"},
    "newsroom.archive": {"newsroom.lib", "newsroom.audience", "issues"},
    "newsroom.delivery": {"newsroom.lib", "newsroom.audience", "issues"},
    "sponsors": {"newsroom.lib", "issues"},
    "newsroom.desk": {
        "newsroom.lib",
        "newsroom.audience",
        "issues",
        "newsroom.archive",
        "newsroom.delivery",
        "sponsors",
    },
    "newsroom.bench": {
        "newsroom.lib",
        "newsroom.audience",
        "issues",
        "newsroom.delivery",
        "sponsors",
        "newsroom.desk",
    },
}
"""Which packages each may import from."""
DELIVERY = {
    "models": set(),
    "wire": set(),
    "relay": {"wire"},
    "queue": {"models"},
    "control": {"models", "wire", "queue"},
    "sender": {"models", "wire", "relay", "queue", "control"},
    "clicks": {"models"},
    "returns": {"models", "relay"},
    "reporting": {"models", "queue", "control"},
}
"""From which folders of ``newsroom.delivery`` each of them may import: of those above it in this list."""

NAMES_EVERYTHING = {
    "newsroom",
    "newsroom.settings",
    "newsroom.urls",
    "newsroom.celery",
    "newsroom.wsgi",
    "newsroom.env",
}
PURE = ("issues/rendering", "issues/richtext", "issues/importing", "issues/theme.py", "newsroom/lib")
"""No models in here: what these say depends on what they are given."""
FOREIGN_WORDS = ("manager", "handler", "utils", "helper", "service", "process")


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts or path.name == "tests.py":
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, path, ast.parse(path.read_text())


def imports(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Module, name and line of every import of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (
                (alias.name, "", node.lineno) for alias in node.names if alias.name.startswith(FOLDERS)
            )
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(FOLDERS):
            yield from ((node.module or "", alias.name, node.lineno) for alias in node.names)


def package(module: str) -> str:
    """The app, or lib, that a module belongs to."""
    return next((name for name in BELOW if module == name or module.startswith(f"{name}.")), "")


def rank(module: str) -> int:
    """Where a module stands inside its app: models below verbs below views."""
    if module.startswith("newsroom.lib"):
        return 0
    parts = module.removeprefix(package(module)).strip(".").split(".")
    if parts[0] == "models":
        return 1
    return 3 if parts[0] in {"views", "tasks", "admin", "urls", "feeds"} else 2


ALL = list(modules())


def test_imports_go_down_never_up_or_sideways():
    for module, path, tree in ALL:
        if module in NAMES_EVERYTHING:
            continue
        own = package(module)
        for target, name, line in imports(tree):
            if f"{target}.{name}" in NAMES_EVERYTHING or target in NAMES_EVERYTHING - {"newsroom"}:
                raise AssertionError(f"{path}:{line} imports {target}, which names everything")
            other = package(f"{target}.{name}") or package(target)
            assert other == own or other in BELOW[own], f"{path}:{line}: {own} may not import {target}"


def test_folders_of_delivery_import_one_way_only():
    above: set[str] = set()
    for folder, allowed in DELIVERY.items():
        assert allowed <= above, f"{folder} may import only from what stands above it"
        above.add(folder)
    for _, path, tree in ALL:
        place = path.relative_to(ROOT).parts
        if place[:2] != ("newsroom", "delivery") or len(place) == 3 or place[2] in {"views", "management"}:
            continue  # what stands beside the folders, and pages and commands, see all of them
        own = place[2]
        for target, name, line in imports(tree):
            if package(target) == "newsroom.delivery":
                other = f"{target}.{name}".removeprefix("newsroom.delivery.").split(".")[0]
                assert other in {own, *DELIVERY[own]}, f"{path}:{line}: {own} may not import from {other}"


def test_models_never_import_verbs_and_verbs_never_import_views():
    for module, path, tree in ALL:
        own = package(module)
        for target, name, line in imports(tree):
            if own and package(target) == own and (rank(module), rank(target)) in {(1, 2), (1, 3), (2, 3)}:
                assert target == "issues.theme", f"{path}:{line}: {module} stands below {target}.{name}"


def test_other_apps_are_known_by_their_models_and_verbs_only():
    for module, path, tree in ALL:
        own = package(module)
        for target, name, line in imports(tree):
            other = package(target)
            if not own or other in (own, "newsroom.lib") or module in NAMES_EVERYTHING:
                continue
            assert not name.startswith("_"), f"{path}:{line} takes {name} from {target}"
            assert rank(target) != 3, f"{path}:{line}: {target} belongs to the pages of {other}"


def test_there_are_no_imports_inside_functions():
    for module, path, tree in ALL:
        inside = [
            node.lineno
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        allowed = {"newsroom.desk.apps"}  # AppConfig.ready() runs before models may be imported at the top
        assert not inside or module in allowed, f"{path}: {inside}"


def test_pure_modules_touch_no_model():
    for module, path, tree in ALL:
        if not str(path.relative_to(ROOT)).startswith(PURE) or module == "issues.importing.reading":
            continue
        touched = [f"{target} (line {line})" for target, _, line in imports(tree) if ".models" in target]
        assert not touched, f"{path} imports {touched}"


def test_nothing_carries_a_name_from_outside_the_domain():
    for _, path, tree in ALL:
        names = [
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and not node.name.startswith(
                ("handle_", "process_")
            )  # what aiosmtpd, html.parser and Django call by name
            and node.name != "handle"
        ]
        strange = [
            name for name in (*names, path.stem) if any(word in name.lower() for word in FOREIGN_WORDS)
        ]
        assert not strange, f"{path}: {strange}"


def test_every_public_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for _, path, tree in ALL
        if path.name not in {"__init__.py", "apps.py", "urls.py"} and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_rendering_reads_no_database(django_db_blocker):
    from issues.rendering import render
    from tests.issues.sample import snapshot

    with django_db_blocker.block():
        assert render(snapshot()).html


def test_each_status_is_written_by_one_module():
    """``move`` is called only where the model's docstring says."""
    writers = {
        "MOVES": {"issues.workflow"},
        "INTAKE_MOVES": {"newsroom.audience.importing.intakes"},
        "SEND_MOVES": {
            "newsroom.delivery.control.scheduling",
            "newsroom.delivery.sender.sending",
            "newsroom.delivery.control.steering",
        },
    }
    for table, allowed in writers.items():
        users = {
            module
            for module, _, tree in ALL
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "move"
            and any(
                keyword.arg == "moves" and isinstance(keyword.value, ast.Name) and keyword.value.id == table
                for keyword in node.keywords
            )
        }
        assert users == allowed
