"""Small pieces: how long a function, a file and a template may be. Migrations are left out."""

import ast
import functools
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FUNCTION_MEDIAN, FUNCTION_95TH, FUNCTION_LONGEST = 8, 30, 60
FILE, TEMPLATE, ARGUMENTS = 400, 120, 7


def sources() -> list[Path]:
    found = [path for package in ("desk", "followups") for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


@functools.cache
def functions() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def length(node: ast.FunctionDef) -> int:
    return node.end_lineno - node.lineno + 1


def arguments(node: ast.FunctionDef) -> int:
    """Those that a caller gives: neither self nor the rest of * and **."""
    names = [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len([one for one in names if one not in ("self", "cls")])


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_half_of_all_functions_are_read_at_a_glance():
    assert statistics.median(length(node) for _, node in functions()) <= FUNCTION_MEDIAN


def test_long_functions_are_rare():
    assert statistics.quantiles((length(node) for _, node in functions()), n=20)[-1] <= FUNCTION_95TH


def test_no_function_is_longer_than_a_screen():
    assert [where for where, node in functions() if length(node) > FUNCTION_LONGEST] == []


def test_no_function_takes_too_many_arguments():
    """Handlers that a framework calls with all of a form's fields do not exist here either."""
    assert [where for where, node in functions() if arguments(node) > ARGUMENTS] == []


@pytest.mark.parametrize("kind", ["py", "html", "css", "js"])
def test_no_file_is_too_long(kind):
    bound = TEMPLATE if kind == "html" else FILE
    found = (
        [*sources()]
        if kind == "py"
        else [path for folder in ("templates", "desk", "followups") for path in (ROOT / folder).rglob(f"*.{kind}")]
    )
    assert [f"{path.relative_to(ROOT)}: {lines(path)}" for path in found if lines(path) > bound] == []
