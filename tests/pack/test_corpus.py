"""The public rule corpus loads whole, without a word, and as pySigma itself reads it."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import yaml
from sigma.rule import SigmaRule

from jumpsigma.pack import LoadedRule, Pack, load_pack

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def corpus(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = shared / "sigmahq" / "rules.tar.gz"
    if not archive.is_file():
        archive = shared / "data" / "sigmahq" / "rules.tar.gz"
    if not archive.is_file():
        pytest.skip("no rule corpus")
    folder = tmp_path_factory.mktemp("corpus")
    with tarfile.open(archive) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def pack(corpus: Path) -> Pack:
    return load_pack(corpus)


def test_every_rule_loads(corpus: Path, pack: Pack) -> None:
    assert pack.diagnostics == ()
    files = {str(file) for file in corpus.rglob("*.yml")}
    assert len(files) > 3000
    assert {rule.path for rule in pack.rules} == files


def test_documents_are_those_of_pyyaml(pack: Pack) -> None:
    different = [rule.path for rule in pack.rules if not _same(rule)]
    assert different == []


def _same(rule: LoadedRule) -> bool:
    """Compare as text, with the dates that PyYAML makes put back into words."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = yaml.load_all(Path(rule.path).read_text(encoding="utf-8"), loader)
    return any(
        rule.document
        == {
            key: str(value) if key in ("date", "modified") else value for key, value in data.items()
        }
        for data in documents
        if data is not None
    )


def test_rules_are_those_of_pysigma(pack: Pack) -> None:
    different = []
    for rule in pack.rules:
        ours = rule.to_sigma()
        assert isinstance(ours, SigmaRule)
        theirs = SigmaRule.from_dict(dict(rule.document), source=ours.source)
        if ours != theirs:
            different.append(rule.path)
    assert different == []


def test_every_detection_item_has_its_line(pack: Pack) -> None:
    """The key that an item's place names stands in the file at that very place."""
    wrong: list[str] = []
    for rule in pack.rules:
        lines = Path(rule.path).read_text(encoding="utf-8").splitlines()
        sigma = rule.to_sigma()
        assert isinstance(sigma, SigmaRule)
        for detection in sigma.detection.detections.values():
            for item in detection.detection_items:
                source = item.source
                if source is None or source.line is None or source.char is None:
                    continue  # a nested detection
                rest = lines[source.line - 1][source.char - 1 :].lstrip("'\"")
                field = getattr(item, "field", None)
                if field is not None and not rest.startswith(field):
                    wrong.append(f"{rule.path}:{source.line}:{source.char}")
    assert wrong == []
