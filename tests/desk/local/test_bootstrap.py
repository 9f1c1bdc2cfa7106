import os
import subprocess
import sys

from desk.local import bootstrap, places


def test_installed_wants_the_stamp_of_the_present_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "VENV", tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    assert not bootstrap.installed("base")
    (tmp_path / "lock-base").write_text("of another lock")
    assert not bootstrap.installed("base")
    (tmp_path / "lock-base").write_text(bootstrap.digest("base"))
    assert bootstrap.installed("base")
    (tmp_path / "bin" / "python").unlink()
    assert not bootstrap.installed("base")


def test_every_lock_pins_and_hashes_every_package():
    for name in ("base", "local", "test", "dev"):
        lines = bootstrap.lock_file(name).read_text().splitlines()
        packages = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert packages
        assert [line for line in packages if "==" not in line or not line.endswith("\\")] == []


def test_whatever_lives_among_the_tests_installs_what_they_need():
    folders = {path.parent.name for path in (places.ROOT / "tests").glob("*/__main__.py")}
    assert folders == {"bench", "chaos"}
    assert all("test" in bootstrap.LOCKS[name] for name in folders)


def test_a_python_without_venv_is_told_what_to_install(tmp_path):
    """`-S -I` with an empty module search path stands for a Python whose venv was left out by its packager."""
    (tmp_path / "venv.py").write_text("raise SystemExit('ensurepip is not available')")
    program = "from desk.local import bootstrap, places; places.VENV = places.Path(r'%s'); bootstrap.make_venv()"
    done = subprocess.run(
        [sys.executable, "-c", program % (tmp_path / "new")],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{places.ROOT}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "apt install python3-venv" in done.stderr
    assert "ensurepip is not available" in done.stderr
