"""Lists from the installed package pymispwarninglists."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jumpsigma.diagnostics import Diagnostic, DiagnosticError, Severity
from jumpsigma.intel import warninglists
from jumpsigma.intel.store import Store
from jumpsigma.intel.warninglists import PLACEHOLDERS, list_name, update_from_warninglists


def test_lists_that_rules_ask_for_are_filled(store: Store) -> None:
    result = update_from_warninglists(store, PLACEHOLDERS)
    assert result.lists == ("dynamic_dns", "iplookup")
    assert result.rejected == 0
    domain = next(iter(store.values("dynamic_dns")))
    assert "dynamic_dns" in {each.indicator.list for each in store.match(f"host.{domain}")}
    sources = {summary.name: summary.sources for summary in store.lists()}
    assert len(sources["iplookup"]) == 2
    again = update_from_warninglists(store, PLACEHOLDERS)
    assert (again.added, again.updated, again.unchanged) == (0, 0, result.added)


def test_the_others_become_lists_that_no_shipped_rule_asks_for(store: Store) -> None:
    problems: list[Diagnostic] = []
    result = update_from_warninglists(
        store, ["rfc5735", "mozilla-CA", "phone_numbers", "tlds"], on_problem=problems.append
    )
    assert result.lists == ("warninglist_mozilla_CA", "warninglist_rfc5735")
    assert [match.indicator.list for match in store.match("192.0.2.7")] == ["warninglist_rfc5735"]
    assert [problem.code for problem in problems] == ["JS086", "JS086"]
    assert not any(problem.is_error for problem in problems)


def test_the_largest_are_taken_when_they_are_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, count in (("small", 2), ("large", 100)):
        path = tmp_path / f"{name}.json"
        values = [f"d{number}.example.com" for number in range(count)]
        path.write_text(json.dumps({"name": name, "type": "hostname", "list": values}))
    files = {name: tmp_path / f"{name}.json" for name in ("small", "large")}
    monkeypatch.setattr(warninglists, "_files", lambda: files)
    monkeypatch.setattr(warninglists, "MAX_UNASKED", 1000)
    problems: list[Diagnostic] = []
    assert update_from_warninglists(store, on_problem=problems.append).lists == (
        "warninglist_small",
    )
    (told,) = problems
    assert told.severity is Severity.INFO
    assert told.message == "left out for their size, name them to have them: large"
    assert update_from_warninglists(store, ["large"]).added == 100


@pytest.mark.parametrize(
    ("name", "hint"),
    [("no-such-list", "it has akamai, "), ("dynamicdns", "did you mean dynamic-dns?")],
)
def test_a_list_that_the_package_has_not(store: Store, name: str, hint: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        update_from_warninglists(store, [name])
    assert caught.value.diagnostic.code == "JS090"
    assert (caught.value.diagnostic.hint or "").startswith(hint)


def test_names() -> None:
    assert list_name("dynamic-dns") == "dynamic_dns"
    assert list_name("eicar.com") == "warninglist_eicar_com"


@pytest.mark.skipif(sys.platform != "linux", reason="there is /proc")
def test_the_package_is_not_loaded_as_a_whole(tmp_path: Path) -> None:
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from jumpsigma.intel.store import open_store\n"
        "from jumpsigma.intel.warninglists import update_from_warninglists\n"
        "folder = Path(sys.argv[1])\n"
        "update_from_warninglists(open_store(folder / 'store.sqlite', create=True),\n"
        "    ['dynamic-dns', 'cisco_top20k', 'amazon-aws'])\n"
        "assert 'pymispwarninglists' not in sys.modules\n"
        "print(*re.findall(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()))"
    )
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 80 * 1024  # KiB; the whole package takes 330 MB
