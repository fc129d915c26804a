"""SARIF passes the official schema of version 2.1.0, which an npm package of Microsoft carries."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.packaging

BROKEN = Path(__file__).parents[1] / "checks" / "broken"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which carries the schema, is not installed")
    folder = tmp_path_factory.mktemp("schema")
    subprocess.run(
        [npm, "pack", "--silent", "@microsoft/jest-sarif@1.0.0-beta.0"],
        cwd=folder, check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        stream = packed.extractfile("package/lib/schemas/sarif-2.1.0-rtm.5.json")
        assert stream is not None
        return json.load(stream)


@pytest.mark.parametrize("selection", ["default", "all"])
def test_sarif_passes_the_schema(schema: Any, selection: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    done = subprocess.run(
        [sys.executable, "-m", "jumpsigma", "validate", str(BROKEN), "--select", selection,
         "--format", "sarif"],
        check=False, timeout=120, capture_output=True,
    )  # fmt: skip
    log = json.loads(done.stdout)
    assert len(log["runs"][0]["results"]) >= 80
    validator = jsonschema.Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(log)] == []
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(log)
