"""The targets of jumpsigma as backends of pySigma: the same queries, the same refusals."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaConfigurationError, SigmaFeatureNotSupportedByBackendError
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline

from jumpsigma import api, load_pack
from jumpsigma.api.export_files import export_files
from jumpsigma.export import target_names
from sigma.backends.jumpcloud import _faithful

# pySigma itself, while it parses conditions.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

MODULE = "sigma.backends.jumpcloud"
HEAD = "title: {title}\nstatus: test\nlogsource: {{product: jumpcloud}}\n"
RULE = HEAD + "id: {id}\ndetection:\n  s: {{{item}}}\n  condition: s\n"
ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A target that somebody has begun with `jumpsigma new backend`."""
    api.new_target("acme", tmp_path / "home" / "backends")
    monkeypatch.setenv("JUMPSIGMA_PATH", str(tmp_path / "home"))
    return "acme"


def backend(target: str, *, collect: bool = False, **options: Any) -> Any:
    return _faithful.backend_class(target)(collect_errors=collect, **options)


def collection(*paths: Path) -> SigmaCollection:
    return SigmaCollection.load_ruleset([str(path) for path in paths])


def rule(path: Path, item: str, rule_id: str = ONE, title: str = "A rule") -> Path:
    path.write_text(RULE.format(title=title, id=rule_id, item=item), encoding="utf-8")
    return path


# ---------------------------------------------------------------------------------- discovery
def test_pysigma_discovers_exactly_our_targets() -> None:
    found = InstalledSigmaPlugins.autodiscover(include_validators=False).backends
    ours = {
        name for name, each in found.items() if getattr(each, "__module__", "").startswith(MODULE)
    }
    assert ours == {f"jumpsigma_{name}" for name in target_names()}
    assert ours


def test_a_target_of_ones_own_is_a_backend(acme: str) -> None:
    assert acme in _faithful.target_names()


def test_a_broken_installation_warns_and_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (MODULE, f"{MODULE}._faithful"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "jumpsigma.content", None)  # importing it now fails
    with pytest.warns(UserWarning, match="jumpsigma backends are not available"):
        plugin = importlib.import_module(MODULE)
    assert plugin.__all__ == []
    monkeypatch.delitem(sys.modules, MODULE)


def test_a_target_that_cannot_be_read_hides_no_other(acme: str, tmp_path: Path) -> None:
    file = tmp_path / "home" / "backends" / acme / "backend.yaml"
    file.write_text("title: [", encoding="utf-8")
    assert len({*_faithful.target_names()}) > 1
    with pytest.raises(SigmaConfigurationError, match="acme"):
        backend(acme)


def test_formats_are_those_of_the_file(acme: str) -> None:
    formats: Mapping[str, str] = _faithful.backend_class(acme).formats
    assert dict(formats) == {"default": "One query a file.", "query": "One query a file."}


# --------------------------------------------------------------------------------- conversion
def test_every_shipped_rule_is_converted_or_refused_as_by_jumpsigma(checkout: Path) -> None:
    """The rules as stock tools load them, from the checkout."""
    sqlite = backend("sqlite", collect=True)
    texts = sqlite.convert(collection(checkout / "sigma_rules"))
    pack = load_pack(checkout / "sigma_rules")
    exported = api.export_queries(pack, "sqlite")
    assert sorted(texts) == sorted(
        text.rstrip("\n") for text in export_files(exported, pack).values()
    )
    assert len(texts) > 100
    refused = {each.rule_id for each in exported.refused}
    assert {str(one.id) for one, _ in sqlite.errors} == refused
    assert refused
    kinds = {type(error) for _, error in sqlite.errors}
    assert kinds == {SigmaFeatureNotSupportedByBackendError}


def test_a_refusal_raises_with_its_code_and_its_file(acme: str, tmp_path: Path) -> None:
    path = rule(tmp_path / "r.yml", "a|re: x")
    with pytest.raises(SigmaFeatureNotSupportedByBackendError, match=r"JS065.*r\.yml"):
        backend(acme).convert(collection(path))


def test_one_refusal_stops_no_other_rule(acme: str, tmp_path: Path) -> None:
    bad = rule(tmp_path / "bad.yml", "a|re: x", ONE, "Bad")
    good = rule(tmp_path / "good.yml", "a: x", TWO, "Good")
    converter = backend(acme, collect=True)
    assert converter.convert(collection(bad, good)) == ['index=jumpcloud a="x"']
    assert [one.title for one, _ in converter.errors] == ["Bad"]


@pytest.mark.parametrize("loose", [True, False])
def test_a_rule_that_comes_from_no_file(acme: str, tmp_path: Path, loose: bool) -> None:
    path = rule(tmp_path / "r.yml", "a|contains: [x, 'y*z'], b: true, c|gt: 5, d|neq: w")
    rules = (
        SigmaCollection.from_yaml(path.read_text(encoding="utf-8")) if loose else collection(path)
    )
    assert backend(acme).convert(rules) == [
        'index=jumpcloud (a="*x*" OR a="*y*z*") AND b=true AND c>5 AND NOT d="w"'
    ]


def test_what_pysigma_could_lose_is_not_guessed(acme: str, tmp_path: Path) -> None:
    text = rule(tmp_path / "r.yml", r"a: 'x\\*'").read_text(encoding="utf-8")
    with pytest.raises(SigmaConfigurationError, match="from a file"):
        backend(acme).convert(SigmaCollection.from_yaml(text))
    assert backend(acme).convert(collection(tmp_path / "r.yml")) == [r'index=jumpcloud a="x\\*"']


def test_rules_without_ids(acme: str, tmp_path: Path) -> None:
    for name, item in (("good", "a: x"), ("bad", "a|re: x")):
        text = RULE.format(title=name, id=ONE, item=item).replace(f"id: {ONE}\n", "")
        (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
    converter = backend(acme, collect=True)
    found = converter.convert(collection(tmp_path / "good.yml", tmp_path / "bad.yml"))
    assert found == ['index=jumpcloud a="x"']
    assert [(one.title, "JS065" in str(error)) for one, error in converter.errors] == [
        ("bad", True)
    ]


@pytest.mark.parametrize("name", [f"id: {ONE}\n", ""])
def test_of_rules_with_one_name_none_gets_the_query_of_another(
    acme: str, tmp_path: Path, name: str
) -> None:
    for number in (1, 2):
        text = RULE.format(title="Same", id=ONE, item=f"a: x{number}")
        (tmp_path / f"{number}.yml").write_text(
            text.replace(f"id: {ONE}\n", name), encoding="utf-8"
        )
    converter = backend(acme, collect=True)
    assert converter.convert(collection(tmp_path / "1.yml", tmp_path / "2.yml")) == []
    assert len(converter.errors) == 2


def test_a_rule_that_jumpsigma_does_not_load_is_refused(acme: str, tmp_path: Path) -> None:
    path = rule(tmp_path / "r.yml", "a: []")  # pySigma makes null of it
    converter = backend(acme, collect=True)
    assert converter.convert(collection(path)) == []
    assert len(converter.errors) == 1


def test_a_filter_applies(acme: str, tmp_path: Path) -> None:
    path = rule(tmp_path / "r.yml", "a: x")
    (tmp_path / "f.yml").write_text(
        "title: F\nlogsource: {product: jumpcloud}\n"
        f"filter:\n  rules: [{ONE}]\n  selection: {{b: y}}\n  condition: not selection\n",
        encoding="utf-8",
    )
    assert backend(acme).convert(collection(path, tmp_path / "f.yml")) == [
        'index=jumpcloud a="x" AND NOT b="y"'
    ]


def test_a_correlation_speaks_for_its_rules(tmp_path: Path) -> None:
    text = (
        RULE.format(title="Base", id=ONE, item="username: ann")
        + "name: base\n---\ntitle: Count\n"
        + f"id: {TWO}\nstatus: test\nlevel: low\ncorrelation:\n  type: event_count\n"
        "  rules: [base]\n  group-by: [client_ip]\n  timespan: 10m\n  condition: {gte: 3}\n"
    )
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    (request,) = backend("jumpcloud").convert(collection(tmp_path / "r.yml"))
    assert '"title": "Count"' in request


def test_formats_options_and_mapping(acme: str, tmp_path: Path) -> None:
    path = rule(tmp_path / "r.yml", "useragent.name: curl")
    rules = collection(path)
    assert backend(acme, index="other", mapping="sigma").convert(rules, "query") == [
        'index=other useragent.name="curl"'
    ]
    with pytest.raises(TypeError, match="'indx'"):
        backend(acme, indx="x")
    with pytest.raises(SigmaConfigurationError, match="index cannot be 'a b'"):
        backend(acme, index="a b").convert(rules)
    with pytest.raises(SigmaConfigurationError, match="no format 'nope'"):
        backend(acme).convert(rules, "nope")


def test_a_file_for_all_rules_comes_behind_those_of_each(tmp_path: Path) -> None:
    one = rule(tmp_path / "a.yml", "username: ann")
    two = rule(tmp_path / "b.yml", "username: bob", TWO, "Another")
    rules = collection(one, two)
    seen: list[str] = []

    def callback(each: Any, form: str | None, number: int, condition: Any, text: str) -> str:
        assert (form, number, condition) == ("request", 0, None)
        seen.append(each.title)
        return text

    requests = backend("jumpcloud").convert(rules, "request", callback=callback)
    assert seen == ["A rule", "Another"]
    assert ["ann" in requests[0], "bob" in requests[1], len(requests)] == [True, True, 2]
    (together,) = backend("jumpcloud").convert(rules, "pack")
    assert "ann" in together
    assert "bob" in together


def test_a_pipeline_is_refused(acme: str, tmp_path: Path) -> None:
    """It would rename the fields of rules that are read again, and so do nothing."""
    pipeline = ProcessingPipeline.from_yaml(
        "name: x\npriority: 1\ntransformations:\n- {type: field_name_prefix, prefix: y.}\n"
    )
    converter = _faithful.backend_class(acme)(pipeline)
    with pytest.raises(SigmaConfigurationError, match="takes no pipeline"):
        converter.convert(collection(rule(tmp_path / "r.yml", "a: x")))


def test_single_rules_are_not_converted_behind_its_back(acme: str, tmp_path: Path) -> None:
    (one,) = collection(rule(tmp_path / "r.yml", "a: x")).rules
    with pytest.raises(NotImplementedError, match=r"convert\(\)"):
        backend(acme).convert_rule(one)
