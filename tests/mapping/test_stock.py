"""The files in the hands of stock tools: a right query or an error, never a dead query."""

from __future__ import annotations

import os
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule
from stores.sekoia import store

from jumpsigma.interpret import holds
from jumpsigma.ir.nodes import Expr
from jumpsigma.lower.conditions import lower_condition
from jumpsigma.lower.detections import any_of, lower_detection
from jumpsigma.mapping import load_mapping

# pySigma itself, while it parses conditions of a pipeline.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NATIVE = {"product": "jumpcloud"}
SSO = {"product": "jumpcloud", "service": "sso"}
PROCESS = {"category": "process_creation", "product": "windows"}
SYSTEM = {"product": "windows", "service": "system"}
MD5, SHA1 = "0A" * 16, "0B" * 20


class Error(str):
    """Part of the message of an expected error."""

    __slots__ = ()


# Name: mapping, log source, selection, Splunk query or error, Lucene query or the same error.
QUERIES: dict[str, tuple[str, dict[str, str], Any, str, str | None]] = {
    "flat columns of Microsoft Sentinel": (
        "sentinel",
        SSO,
        {"initiated_by.email": "ann@example.com", "sso_token_success": False},
        'service_s="sso" initiated_by_email_s="ann@example.com" sso_token_success_b=0',
        "service_s:sso AND (initiated_by_email_s:ann@example.com AND sso_token_success_b:0)",
    ),
    "an element of JSON text": (
        "sentinel",
        SSO,
        {"changes.field": "email"},
        Error("only jumpsigma takes apart"),
        None,
    ),
    "a field within JSON": (
        "sentinel_dcr",
        SSO,
        {"initiated_by.email": "ann@example.com"},
        Error("only jumpsigma takes apart"),
        None,
    ),
    "boolean": (
        "jumpcloud",
        SSO,
        {"success": False},
        'service="sso" success=false',
        "service:sso AND success:false",
    ),
    "no service": (
        "jumpcloud",
        NATIVE,
        {"event_type": "sso_auth"},
        'event_type="sso_auth"',
        "event_type:sso_auth",
    ),
    "aliases, whatever the case": (
        "jumpcloud",
        NATIVE,
        {"event_type": "LDAP_search"},
        'event_type IN ("ldap_srch", "ldap_search")',
        "(event_type:(ldap_srch OR ldap_search))",
    ),
    "negated aliases": (
        "jumpcloud",
        NATIVE,
        {"event_type|neq": "ldap_search"},
        'NOT (event_type IN ("ldap_srch", "ldap_search"))',
        None,
    ),
    "user agent of a service": (
        "jumpcloud",
        {**NATIVE, "service": "reports"},
        {"useragent.name": "curl"},
        'service="reports" user_agent.name="curl"',
        "service:reports AND user_agent.name:curl",
    ),
    "user agent of any service": (
        "jumpcloud",
        NATIVE,
        {"useragent.name": "curl"},
        'useragent.name="curl" OR user_agent.name="curl"',
        "(useragent.name:curl OR user_agent.name:curl)",
    ),
    "no user agent": (
        "jumpcloud",
        NATIVE,
        {"useragent.name": None},
        Error("trusted with text"),
        None,
    ),
    "user agent is not there": (
        "jumpcloud",
        NATIVE,
        {"useragent.name|exists": False},
        Error("trusted with text"),
        None,
    ),
    "virtual field": (
        "jumpcloud",
        NATIVE,
        {"changes[totp_enabled].to": False},
        Error("only jumpsigma understands"),
        None,
    ),
    "placeholder": ("jumpcloud", NATIVE, {"client_ip|expand": "%tor%"}, Error("tor"), None),
    "category of jumpcloud": (
        "jumpcloud",
        {**NATIVE, "category": "x"},
        {"a": "b"},
        Error("services, no categories"),
        None,
    ),
    "log source that never comes": (
        "jumpcloud",
        {"category": "dns"},
        {"query": "x"},
        Error("no such log source"),
        None,
    ),
    "process of a sign-in": (
        "jumpcloud",
        PROCESS,
        {"Image|endswith": "\\sshd.exe"},
        'service="systems" process_name="*\\\\sshd.exe"',
        "service:systems AND process_name:*\\\\sshd.exe",
    ),
    "command line": (
        "jumpcloud",
        PROCESS,
        {"CommandLine": "x"},
        Error("JumpCloud reports only"),
        None,
    ),
    "a service that Sekoia has in the text alone": (
        "sekoia",
        SSO,
        {"event_type": "sso_auth", "sso_token_success": False},
        (
            'observer.vendor="Jumpcloud" message="*\\"service\\":\\"sso\\"*" '
            'event.action="sso_auth" message IN '
            '("*\\"sso_token_success\\":false*", "*\\"sso_token_success\\":\\"false\\"*")'
        ),
        None,
    ),
    "an outcome in Sekoia": (
        "sekoia",
        {**NATIVE, "service": "directory"},
        {"success|neq": False, "initiated_by.email": "a"},
        (
            'observer.vendor="Jumpcloud" message="*\\"service\\":\\"directory\\"*" '
            'NOT action.outcome="failure" source.user.email="a"'
        ),
        None,
    ),
    "a field that Sekoia drops": (
        "sekoia",
        SSO,
        {"resource.type": "user"},
        Error("keeps no such field"),
        None,
    ),
    "a change in Sekoia": (
        "sekoia",
        NATIVE,
        {"changes[totp_enabled].to": False},
        Error("only jumpsigma understands"),
        None,
    ),
    "the process of a sign-in in Sekoia": (
        "sekoia",
        PROCESS,
        {"Image|endswith": "/sshd"},
        (
            'observer.vendor="Jumpcloud" message="*\\"service\\":\\"systems\\"*" '
            'process.name="*/sshd"'
        ),
        None,
    ),
    "names as they are": (
        "sigma",
        PROCESS,
        {"Image": "x"},
        'Image="x"',
        "Image:x",
    ),
    "process in ECS": (
        "ecs",
        PROCESS,
        {"CommandLine": "x"},
        'event.category="process" event.type="start" process.command_line="x"',
        "(event.category:process AND event.type:start) AND process.command_line:x",
    ),
    "hashes in ECS": (
        "ecs",
        PROCESS,
        {"Hashes|contains": [f"MD5={MD5}", f"SHA1={SHA1}"]},
        (
            'event.category="process" event.type="start" '
            f'process.hash.md5="{MD5.lower()}" OR process.hash.sha1="{SHA1.lower()}"'
        ),
        (
            "(event.category:process AND event.type:start) AND "
            f"(process.hash.md5:{MD5.lower()} OR process.hash.sha1:{SHA1.lower()})"
        ),
    ),
    "all hashes in ECS": (
        "ecs",
        PROCESS,
        {"Hashes|contains|all": [f"MD5={MD5}", f"SHA1={SHA1}"]},
        (
            'event.category="process" event.type="start" '
            f'process.hash.md5="{MD5.lower()}" process.hash.sha1="{SHA1.lower()}"'
        ),
        None,
    ),
    "hash of digits alone": (
        "ecs",
        PROCESS,
        {"Hashes|contains": "MD5=" + "12" * 16},
        Error("digits as a number"),
        None,
    ),
    "part of a hash": (
        "ecs",
        PROCESS,
        {"Hashes|contains": "MD5=0A"},
        Error("only whole hashes"),
        None,
    ),
    "service name": (
        "ecs",
        SYSTEM,
        {"EventID": 7045, "ServiceName": "x"},
        'event.code=7045 service.name="x" OR winlog.event_data.ServiceName="x"',
        "(event.code:7045 AND (service.name:x OR winlog.event_data.ServiceName:x))",
    ),
    "initiated": (
        "ecs",
        {"category": "network_connection"},
        {"Initiated": True},
        'event.category="network" event.type="connection" network.direction="egress"',
        "(event.category:network AND event.type:connection) AND network.direction:egress",
    ),
    "user": (
        "ecs",
        PROCESS,
        {"User": "NT AUTHORITY\\SYSTEM"},
        'event.category="process" event.type="start" user.domain="NT AUTHORITY" user.name="SYSTEM"',
        None,
    ),
    "pattern across domain and user": (
        "ecs",
        PROCESS,
        {"User|startswith": "NT"},
        Error("could span both"),
        None,
    ),
    "registry number": (
        "ecs",
        {"category": "registry_set"},
        {"Details": "DWORD (0x00000001)"},
        (
            'event.category="registry" event.type="change" registry.data.strings IN '
            '("DWORD (0x00000001)", "0x00000001", "1")'
        ),
        None,
    ),
    "another registry number": (
        "ecs",
        {"category": "registry_set"},
        {"Details": "DWORD (0x000003c0)"},
        Error("has no such number"),
        None,
    ),
    "unknown category in ECS": (
        "ecs",
        {"category": "image_load"},
        {"Image": "x"},
        Error("no condition that stands for this category"),
        None,
    ),
    "jumpcloud in ECS": ("ecs", SSO, {"a": "b"}, Error("rules for product jumpcloud"), None),
    "unknown field in ECS": ("ecs", PROCESS, {"Zork": "x"}, Error("knows no ECS field"), None),
}


def backend(name: str) -> Any:
    """A backend class of the sigma1 environment, where it must be."""
    module, _, cls = name.rpartition(".")
    if find_spec(module.rpartition(".")[0]) is None or find_spec(module) is None:
        assert os.environ.get("JUMPSIGMA_EXPECT_PYSIGMA") != "1", f"{module} is not installed"
        pytest.skip(f"{module} is not installed")
    return getattr(__import__(module, fromlist=[cls]), cls)


def convert(cls: Any, path: Path, logsource: dict[str, str], selection: Any) -> str:
    document = {
        "title": "t",
        "status": "test",
        "logsource": logsource,
        "detection": {"selection": selection, "condition": "selection"},
    }
    pipeline = ProcessingPipeline.from_yaml(path.read_text(encoding="utf-8"))
    (query,) = cls(pipeline).convert(SigmaCollection([SigmaRule.from_dict(document)]))
    return str(query)


@pytest.mark.parametrize("target", ["splunk", "lucene"])
@pytest.mark.parametrize("name", QUERIES)
def test_query(name: str, target: str, checkout: Path) -> None:
    if target == "splunk":
        cls = backend("sigma.backends.splunk.SplunkBackend")
    else:
        cls = backend("sigma.backends.elasticsearch.LuceneBackend")
    mapping, logsource, selection, splunk, lucene = QUERIES[name]
    path = checkout / "mappings" / f"{mapping}.yml"
    if isinstance(splunk, Error):
        with pytest.raises(SigmaError, match=splunk):
            convert(cls, path, logsource, selection)
        return
    query = convert(cls, path, logsource, selection)
    if target == "splunk":
        assert query == splunk
    elif lucene is not None:
        assert query == lucene


# Where stock tools and the named steps differ most: log source, selections, events.
AGREE: dict[str, tuple[str, dict[str, str], list[Any], list[dict[str, Any]]]] = {
    "user agents": (
        "jumpcloud",
        NATIVE,
        [
            {"useragent.name": value}
            for value in ("curl", ["curl", "x"], None, ["curl", None], "", 5)
        ]
        + [
            {"useragent.name|exists": True},
            {"useragent.name|exists": False},
            {"useragent.name|contains|all": ["c", "url"]},
            {"useragent.name|re": "^c"},
            {"user_agent.name|startswith": "c"},
        ],
        [
            {key: {"name": value} if value != "absent" else {}}
            for key, value in product(
                ("useragent", "user_agent", "other"), ("curl", "x", "", None, 5, "absent")
            )
        ],
    ),
    "service names": (
        "ecs",
        SYSTEM,
        [{"ServiceName": value} for value in ("a", ["a", "b"], None, ["a", None], 5)]
        + [{"ServiceName|exists": False}, {"ServiceName|endswith": "a"}, {"ServiceName|re": "a"}],
        [
            event
            for value in ("a", "b", None, 5)
            for event in (
                {"service": {"name": value}},
                {"winlog": {"event_data": {"ServiceName": value}}},
                {},
            )
        ],
    ),
    "what Sekoia has in the text alone": (
        "sekoia",
        {**NATIVE, "service": "directory"},
        [{"mfa": value} for value in (True, False, "TRUE", None, 5, [True, False])]
        + [{"success": value} for value in (True, False, "false", None)]
        + [{"auth_method": value} for value in ("api-key", ["x", "session"], 'a"b', "s*", None)]
        + [{"mfa|neq": True}, {"success|neq": False}, {"auth_method|contains": "key"}],
        [
            store({"service": "directory", key: value})
            for key, value in product(
                ("mfa", "success", "auth_method", "other"),
                (True, False, "true", "api key", "session", "s*", None, 5),
            )
        ],
    ),
    "users": (
        "ecs",
        PROCESS,
        [
            {"User": value}
            for value in ("ann", "CORP\\ann", ["ann", "CORP\\bob"], None, ["ann", None], "*o*")
        ]
        + [
            {"User|contains": ["O", "x"]},
            {"User|contains": "P\\a"},
            {"User|endswith": "\\ann"},
            {"User|endswith": "n"},
            {"User|startswith": "C"},
            {"User|startswith": "CORP\\"},
            {"User|re": "^CORP"},
        ],
        [
            {
                "event": {"category": "process", "type": "start"},
                "user": {"domain": domain, "name": name},
            }
            for domain, name in product(("CORP", "NT", None), ("ann", "bob", "CORP", None))
        ],
    ),
    "hashes": (
        "ecs",
        PROCESS,
        [
            {"Hashes|contains": f"MD5={MD5}"},
            {"Hashes|contains": [f"MD5={MD5}", f"SHA1={SHA1}"]},
            {"Hashes|contains|all": [f"MD5={MD5}", f"SHA1={SHA1}"]},
            {"Hashes|contains": [f"MD5={MD5}", "SHA1=0B"]},
            {"Hashes": None},
            {"md5": MD5},
        ],
        [
            {
                "event": {"category": "process", "type": "start"},
                "process": {"hash": {"md5": md5, "sha1": sha1}},
            }
            for md5, sha1 in product((MD5.lower(), "0", None), (SHA1.lower(), "0", None))
        ],
    ),
    "registry numbers": (
        "ecs",
        {"category": "registry_set"},
        [
            {"Details": value}
            for value in ("DWORD (0x00000001)", "DWORD (0x0000001f)", ["x", "DWORD (0x00000004)"])
        ]
        + [{"Details|contains": "DWORD (0x00000000)"}],
        [
            {
                "event": {"category": "registry", "type": "change"},
                "registry": {"data": {"strings": [text]}},
            }
            for text in ("1", "0x00000001", "DWORD (0x00000001)", "4", "0", "31", "x")
        ],
    ),
}


@pytest.mark.parametrize(
    ("name", "selection"),
    [(name, selection) for name, row in AGREE.items() for selection in row[2]],
    ids=str,
)
def test_stock_tools_mean_the_same_or_fail(name: str, selection: Any, checkout: Path) -> None:
    mapping, logsource, _, events = AGREE[name]

    def rule() -> SigmaRule:
        detection = {"selection": selection, "condition": "selection"}
        return SigmaRule.from_dict({"title": "t", "logsource": logsource, "detection": detection})

    path = checkout / "mappings" / f"{mapping}.yml"
    stock = rule()
    ours = load_mapping(mapping).apply(rule())
    try:
        ProcessingPipeline.from_yaml(path.read_text(encoding="utf-8")).apply(stock)
    except SigmaError:
        return
    assert ours.sigma is not None, ours.diagnostics
    for event in events:
        assert holds(condition(stock), event) == holds(condition(ours.sigma), event), event


def condition(rule: SigmaRule) -> Expr:
    (parsed,) = rule.detection.parsed_condition
    named = {
        name: lower_detection(detection)
        for name, detection in rule.detection.detections.items()
        if detection.detection_items
    }
    if "_logsource" not in named:
        return named["selection"]
    return any_of([lower_condition(parsed, named.__getitem__)])


@pytest.mark.parametrize("name", AGREE)
def test_some_of_them_are_said_by_stock_tools(name: str, checkout: Path) -> None:
    """Else the test above would pass on a file that fails on everything."""
    mapping, logsource, selections, _ = AGREE[name]
    path = checkout / "mappings" / f"{mapping}.yml"
    said = 0
    for selection in selections:
        detection = {"selection": selection, "condition": "selection"}
        rule = SigmaRule.from_dict({"title": "t", "logsource": logsource, "detection": detection})
        try:
            ProcessingPipeline.from_yaml(path.read_text(encoding="utf-8")).apply(rule)
        except SigmaError:
            continue
        said += 1
    assert said >= len(selections) / 3
