"""The lists of the pack hold names as rules compare them, and none that is too wide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from list_shares import LISTS, read_names, shares

#: pySigma writes at most 200 values for a placeholder.
MOST = 200

NAMES = ["cryptomining", "dynamic_dns", "exfiltration", "iplookup", "remote_access", "tor_domains"]

#: What a feed or the organization gives.
EMPTY = ["approved_rmm", "intelligence_feed", "tor_exit_nodes", "tor_relays"]

LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
NORMAL = re.compile(rf"(?:{LABEL}\.)+[a-z]{{2,}}")

#: `co.uk` and the like: everybody below them.
SECOND_LEVEL = re.compile(r"(?:ac|co|com|edu|gov|ne|net|or|org|go)\.[a-z]{2}")

#: Hosts of many customers or of a whole company. Names below them may be listed.
TOO_WIDE = {
    "akamai.net",
    "amazonaws.com",
    "appspot.com",
    "azureedge.net",
    "azurewebsites.net",
    "blob.core.windows.net",
    "cloudflare.com",
    "cloudfront.net",
    "core.windows.net",
    "discord.com",
    "discordapp.com",
    "discordapp.net",
    "fastly.net",
    "github.com",
    "github.io",
    "githubusercontent.com",
    "google.com",
    "googleapis.com",
    "herokuapp.com",
    "microsoft.com",
    "mozilla.org",
    "netlify.app",
    "onion",
    "onrender.com",
    "oray.com",
    "pages.dev",
    "r2.dev",
    "servicebus.windows.net",
    "slack.com",
    "telegram.org",
    "vercel.app",
    "windows.net",
    "workers.dev",
    "zoho.com",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_a_list(name: str) -> None:
    names = read_names(LISTS / f"{name}.txt")
    assert 50 <= len(names) <= MOST
    assert len(set(names)) == len(names)
    assert [each for each in names if not NORMAL.fullmatch(each)] == []
    assert [each for each in names if SECOND_LEVEL.fullmatch(each) or each in TOO_WIDE] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_list_holds_no_name_below_another(name: str) -> None:
    names = set(read_names(LISTS / f"{name}.txt"))
    assert [each for each in names if parents(each) & names] == []


@pytest.mark.parametrize("name", NAMES)
def test_jumpclouds_own_hosts_are_no_indicators(name: str) -> None:
    hosts = {"jumpcloud.com", "jumpcloud.eu", "agent.jumpcloud.com", "assist.jumpcloud.com"}
    of_jumpcloud = {parent for host in hosts for parent in (host, *parents(host))}
    names = read_names(LISTS / f"{name}.txt")
    assert [each for each in names if each in of_jumpcloud or "jumpcloud" in each] == []


@pytest.mark.parametrize("name", EMPTY)
def test_what_only_a_feed_knows_is_empty(name: str) -> None:
    assert read_names(LISTS / f"{name}.txt") == []


def test_every_list_is_looked_at() -> None:
    assert sorted(path.stem for path in LISTS.iterdir()) == sorted(NAMES + EMPTY)


def test_shares_of_the_reference_lists(shared: Path) -> None:
    """A name lost from a list shows: the shares are the ones that the lists were made with."""
    measured = {(each.ours, each.reference): each.covered for each in shares(shared)}
    floors = {
        ("dynamic_dns", "dynamic_dns"): 0.18,
        ("cryptomining", "cryptomining_pool_domains"): 0.46,
        ("cryptomining", "cryptomining_domains"): 0.28,
        ("iplookup", "iplookup_domains"): 0.53,
        ("exfiltration", "exfiltration_domains"): 0.79,
        ("exfiltration", "tunneling_domains"): 0.69,
        ("remote_access", "remote_access_tool_domains"): 0.69,
        ("tor_domains", "tor_gateways_domains"): 0.92,
    }
    assert {pair: measured[pair] for pair in floors if measured[pair] < floors[pair]} == {}


def parents(name: str) -> set[str]:
    """The names that ``name`` is below."""
    labels = name.split(".")
    return {".".join(labels[index:]) for index in range(1, len(labels))}
