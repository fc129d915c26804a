"""The command as people run it against servers: what it prints, and what it must not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import run_process

SECRET = "s3cr3t-0123456789"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_a_feed_from_a_server_with_a_key_in_its_url(web: Any, home: Path) -> None:
    web.answers["/list"] = web.reply(b"a.example.com\nno value\n")
    env = {"JUMPSIGMA_HOME": str(home), "JUMPSIGMA_FEED_TOKEN_127_0_0_1": SECRET}
    done = run_process("intel", "add", f"{web.url}/list?key={SECRET}", env=env)
    assert done.returncode == 0
    assert "1 added" in done.stdout
    assert web.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in done.stdout + done.stderr
    listed = run_process("intel", "match", "a.example.com", "--format", "json", env=env)
    assert json.loads(listed.stdout)[0]["source"] == "127.0.0.1"


@pytest.mark.parametrize("what", ["add", "pull"])
@pytest.mark.parametrize("status", [401, 500])
def test_a_server_that_refuses(web: Any, home: Path, what: str, status: int) -> None:
    web.answers["/taxii2/"] = web.answers["/list"] = web.reply(b"no", status)
    env = {
        "JUMPSIGMA_HOME": str(home),
        "JUMPSIGMA_TAXII_TOKEN": SECRET,
        "JUMPSIGMA_FEED_TOKEN_127_0_0_1": SECRET,
    }
    url = f"{web.url}/list?key={SECRET}" if what == "add" else web.url
    done = run_process("intel", what, url, env=env)
    assert done.returncode == 2
    assert f"the server answers {status}" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_credentials_in_a_url_are_refused_and_not_shown(home: Path) -> None:
    for what in ("add", "pull"):
        url = f"https://user:{SECRET}@192.0.2.1/list"
        done = run_process("intel", what, url, env={"JUMPSIGMA_HOME": str(home)})
        assert done.returncode == 2
        assert "there are credentials in the URL" in done.stderr
        assert SECRET not in done.stdout + done.stderr
