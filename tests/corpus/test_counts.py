"""Every rule that pySigma loads is lowered, or refused with a code, and on both majors alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lowered import Corpus, Outcome, digest, read_corpus, refusals

from jumpsigma.lower.pysigma1 import is_pysigma1
from report import counts

pytestmark = pytest.mark.corpus

HERE = Path(__file__).parent
FACTS = yaml.safe_load((HERE / "refusals.yaml").read_text(encoding="utf-8"))

MADE_UP = """\
title: {title}
id: {id}
logsource: {{category: process_creation, product: windows}}
detection:
    selection: {{{selection}}}
    condition: selection
"""


def test_counts(corpus: Corpus) -> None:
    lowered = sum(outcome.ir is not None for outcome in corpus.outcomes)
    refused = refusals(corpus.outcomes)
    assert lowered + len(refused) == len(corpus.outcomes)
    assert {
        "files": corpus.files,
        "rules": len(corpus.outcomes),
        "correlations": corpus.correlations,
        "filters": len(corpus.pack.filters),
        "diagnostics": len(corpus.pack.diagnostics),
    } == FACTS["counts"]


def test_refusals(corpus: Corpus) -> None:
    only_here = FACTS["refused_on_pysigma_1"] if is_pysigma1() else {}
    assert refusals(corpus.outcomes) == FACTS["refused"] | only_here


def test_both_majors_lower_to_the_same(corpus: Corpus) -> None:
    """``ir_digest.txt`` holds for both environments: what both lower, they lower to one IR."""
    comparable = [each for each in corpus.outcomes if each.key not in FACTS["refused_on_pysigma_1"]]
    count, sha256 = digest(comparable)
    assert f"{count} {sha256}" == (HERE / "ir_digest.txt").read_text(encoding="utf-8").strip()


def test_report_of_made_up_rules(tmp_path: Path) -> None:
    """The report itself, where the corpus refuses nothing: a refusal, and a file that is none."""
    rows = {
        "good": "Image: a",
        "regex": "Image|re: '(?=a)b'",
        "empty": "Image: []",
    }
    for number, (title, selection) in enumerate(rows.items()):
        rule_id = f"00000000-0000-4000-8000-{number:012}"
        text = MADE_UP.format(title=title, id=rule_id, selection=selection)
        (tmp_path / f"{title}.yml").write_text(text, encoding="utf-8")
    (tmp_path / "broken.yml").write_text("title: [", encoding="utf-8")
    read = read_corpus(tmp_path)
    assert read.files == 4
    assert "00000000-0000-4000-8000-000000000002" in refusals(read.outcomes)
    printed = counts(read)
    assert "JS031 00000000-0000-4000-8000-000000000002" in printed
    assert "  JS002  1" in printed


def test_digest_sees_every_change(corpus: Corpus) -> None:
    outcomes: list[Outcome] = list(corpus.outcomes)
    assert digest(outcomes[1:]) != digest(outcomes)
    assert digest(outcomes[::-1]) == digest(outcomes)
