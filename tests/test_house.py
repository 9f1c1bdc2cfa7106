"""The house stands in order: who may import whom (pyproject.toml), no signals, templates that end where they begin."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VAGUE = {"utils", "util", "helpers", "common", "core", "base", "manager", "managers", "service", "services", "misc"}
INLINE_ALLOWED = {"apps.py"}


def sources() -> list[Path]:
    found = [path for package in ("desk", "followups") for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.AST) -> list[str]:
    """Full names of everything that a module imports."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def test_imports_follow_the_one_order():
    command = [sys.executable, "-c", "from importlinter import cli; raise SystemExit(cli.lint_imports())"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sources(), ids=name)
def test_no_module_listens_to_signals(path):
    used = imported(tree_of(path))
    assert [word for word in used if word.startswith(("django.dispatch", "django.db.models.signals"))] == []


@pytest.mark.parametrize("path", [path for path in sources() if path.name not in INLINE_ALLOWED], ids=name)
def test_no_function_imports(path):
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)]
    inside = [
        node.lineno
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert inside == []


def test_no_module_has_a_name_that_says_nothing():
    assert [name(path) for path in sources() if {part.removesuffix(".py") for part in path.parts} & VAGUE] == []


def test_the_parent_process_does_without_django():
    probe = "import sys, desk.local.up; raise SystemExit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=False).returncode == 0


def test_the_guard_needs_the_standard_library_alone():
    used = imported(tree_of(ROOT / "desk" / "local" / "guard.py"))
    assert {word.partition(".")[0] for word in used} <= sys.stdlib_module_names
