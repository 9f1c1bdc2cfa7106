import json
import stat
import subprocess
import sys

from desk.local import keys, places


def test_secrets_are_made_once_for_their_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_VAR", str(tmp_path / "a b" / "var"))
    first = keys.read()
    assert keys.read() == first
    assert min(len(value) for value in first.values()) >= 64
    assert len(set(first.values())) == 3
    assert stat.S_IMODE(places.var().stat().st_mode) == 0o700
    assert stat.S_IMODE((places.var() / "keys.json").stat().st_mode) == 0o600


def test_two_commands_at_once_agree_on_the_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_VAR", str(tmp_path / "var"))
    command = [sys.executable, "-c", "import json; from desk.local import keys; print(json.dumps(keys.read()))"]
    started = [subprocess.Popen(command, cwd=places.ROOT, stdout=subprocess.PIPE) for _ in range(6)]
    answers = [json.loads(one.communicate()[0]) for one in started]
    assert answers == [keys.read()] * 6


def test_demo_passwords_are_kept_until_the_demo_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_VAR", str(tmp_path / "var"))
    assert not keys.demo_is_in()
    first = keys.demo_passwords()
    assert set(first) == {"ada", "sam", "root"}
    assert keys.demo_passwords() == first
    assert keys.demo_is_in()
    keys.forget_demo()
    assert not keys.demo_is_in()
    assert keys.demo_passwords() != first


def test_an_open_folder_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("DESK_VAR", str(tmp_path))
    tmp_path.chmod(0o755)
    assert stat.S_IMODE(places.var().stat().st_mode) == 0o700
