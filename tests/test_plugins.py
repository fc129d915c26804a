"""The pySigma plugin under src/sigma, as pySigma's own discovery sees it."""

from __future__ import annotations

import importlib
import sys
import warnings
from pathlib import Path

import pytest
from sigma.plugins import InstalledSigmaPlugins
from sigma.processing.pipeline import ProcessingPipeline

PIPELINES = {
    "jumpcloud_raw": "jumpcloud.yml",
    "jumpcloud_ecs": "ecs.yml",
    "jumpcloud_elastic": "elastic.yml",
    "jumpcloud_sekoia": "sekoia.yml",
    "jumpcloud_sentinel": "sentinel.yml",
    "jumpcloud_sentinel_dcr": "sentinel_dcr.yml",
}
MODULE = "sigma.pipelines.jumpcloud"


def test_the_namespaces_stay_open(checkout: Path) -> None:
    """An __init__.py in one of these would hide pySigma, or be hidden by it."""
    assert not (checkout / "src" / "sigma" / "__init__.py").exists()
    assert not list((checkout / "src" / "sigma").glob("*/__init__.py"))
    assert not list((checkout / "src" / "sigma").glob("*/py.typed"))


def test_pysigma_discovers_exactly_our_pipelines() -> None:
    found = InstalledSigmaPlugins.autodiscover().pipelines
    ours = {name for name, each in found.items() if getattr(each, "__module__", None) == MODULE}
    assert ours == set(PIPELINES)


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_is_its_mapping_file(name: str, checkout: Path) -> None:
    text = (checkout / "mappings" / PIPELINES[name]).read_text(encoding="utf-8")
    pipeline = InstalledSigmaPlugins.autodiscover().pipelines[name]()
    expected = ProcessingPipeline.from_yaml(text)
    assert [item.identifier for item in pipeline.items] == [
        item.identifier for item in expected.items
    ]
    assert pipeline.name == expected.name
    assert pipeline.items


def test_each_call_gives_a_fresh_pipeline() -> None:
    plugin = importlib.import_module(MODULE)
    assert plugin.jumpcloud_raw() is not plugin.jumpcloud_raw()


def test_a_broken_installation_warns_and_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    monkeypatch.setitem(sys.modules, "jumpsigma.content", None)  # importing it now fails
    with pytest.warns(UserWarning, match="jumpcloud pipelines are not available"):
        plugin = importlib.import_module(MODULE)
    assert plugin.pipelines == {}
    monkeypatch.delitem(sys.modules, MODULE)


def test_importing_the_plugin_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plugin = importlib.import_module(MODULE)
    assert sorted(plugin.__all__) == plugin.__all__
