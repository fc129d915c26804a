"""Elasticsearch: exact queries in its languages, refusals, and detection rules that are JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from snippets import exported

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic

QUERIES = {
    ("lucene", "{event_type|cased: sso_auth, success: false}"): (
        'event.action:"sso_auth" AND jumpcloud.event.success:false'
    ),
    ("lucene", "{success: 'true', mfa: '?rue*', idp_initiated: maybe}"): (
        "jumpcloud.event.success:true AND jumpcloud.event.mfa:true AND NOT *:*"
    ),
    ("lucene", "{success|re: e}"): "_exists_:jumpcloud.event.success",
    ("lucene", "{error_code: ['49', 50]}"): (
        'jumpcloud.event.error_code:"49" OR jumpcloud.event.error_code:"50"'
    ),
    ("lucene", "{error_code|gt: 49}"): "jumpcloud.event.error_code:{49 TO *]",
    ("lucene", "{client_ip|cidr: 192.0.2.0/24}"): 'client.ip:"192.0.2.0/24"',
    ("lucene", "{client_ip: [192.0.2.7, '192.0.*', x]}"): (
        'client.ip:"192.0.2.7/32" OR client.ip:"192.0.0.0/16" OR (*:* AND NOT *:*)'
    ),
    ("lucene", "{changes.to: 7}"): 'jumpcloud.event.changes.to:"7"',
    ("lucene", "{windows_meta.elevated: true, resource.extra: true}"): (
        "jumpcloud.event.windows_meta.elevated:true AND jumpcloud.event.resource.extra:true"
    ),
    ("eql", "{event_type: sso_auth, success: false}"): (
        'any where event.action : "sso_auth" and jumpcloud.event.success == false'
    ),
    ("eql", "{event_type: [a, 'b*', '1']}"): 'any where event.action : ("a", "b*", "1")',
    ("eql", "{event_type|cased: Abc, id: '7'}"): (
        'any where event.action == "Abc" and event.id == "7"'
    ),
    ("eql", r"{username: 'a\*b'}"): r'any where user.name regex "[aA]\\*[bB]"',
    ("eql", "{username: 'a?é'}"): 'any where user.name regex "[aA].[éÉ]"',
    ("eql", "{username|re: '^a\"b'}"): r'any where user.name regex "a\\\"b.*"',
    ("eql", "{resource.extra: x}"): 'any where ?jumpcloud.event.resource.extra : "x"',
    ("eql", "{resource.ex-tra: x}"): 'any where ?jumpcloud.event.resource.`ex-tra` : "x"',
    ("eql", "{error_code|gt: 49, client_ip|cidr: 2001:db8::/32}"): (
        'any where jumpcloud.event.error_code > 49 and cidrMatch(client.ip, "2001:db8::/32")'
    ),
    ("eql", "a: {username: x, mfa: true}\nb: {id: y}\ncondition: not (a or b)"): (
        'any where (user.name == null or not user.name : "x"'
        " or jumpcloud.event.mfa == null or not jumpcloud.event.mfa == true)"
        ' and (event.id == null or not event.id : "y")'
    ),
    ("eql", "a: {mfa: x}\nb: {username: y}\ncondition: b and not a"): ('any where user.name : "y"'),
}


@pytest.mark.parametrize(("format_name", "detection"), QUERIES)
def test_the_query_is_exactly_this(tmp_path: Path, format_name: str, detection: str) -> None:
    assert (
        exported(tmp_path, "elasticsearch", detection, format_name)
        == (QUERIES[format_name, detection])
    )


REFUSED = {
    ("lucene", "{'changes[x].to': true}"): "the integration flattens `changes`",
    ("lucene", "{username: null}"): "where it may be null or empty",
    ("lucene", "{username: ''}"): "where it may be null or empty",
    ("lucene", "{username: '*'}"): "where it may be null or empty",
    ("lucene", "{username|re: '^x*$'}"): "where it may be null or empty",
    ("lucene", "{username|exists: true}"): "null or empty",
    ("lucene", "{message: x}"): "has words only",
    ("lucene", "{timestamp: x}"): "has as a time",
    ("lucene", "{error_code|contains: '4'}"): "which the index has as a number",
    ("lucene", "{error_code|re: '4'}"): "which the index has as a number",
    ("lucene", "{client_ip|contains: '1.2'}"): "which the index has as an address",
    ("lucene", "{client_ip|re: '1.2'}"): "which the index has as an address",
    ("lucene", "{changes.field: totp_enabled}"): "it is flattened",
    ("lucene", "{changes.field|contains: totp}"): "it is flattened",
    ("lucene", "{resource.extra|gt: 4}"): "may be a text in the index",
    ("lucene", "{username|gt: 4}"): "which the index has as a text",
    ("lucene", "{username|cidr: 192.0.2.0/24}"): "which the index has as a text",
    ("eql", "{changes.field: x}"): "which holds a list",
    ("eql", "{auth_context.policies_applied.name: x}"): "which holds a list",
    ("eql", "{resource.extra: true}"): "may be a text in the index",
    ("eql", "{username|gt: 4}"): "which the index has as a text",
    ("eql", "{client_ip|cidr: '::/0'}"): "finds IPv4 addresses too",
    ("eql", "{username|fieldref: id}"): "two fields",
}


@pytest.mark.parametrize(("format_name", "detection"), REFUSED)
def test_what_it_cannot_say(tmp_path: Path, format_name: str, detection: str) -> None:
    refusal = exported(tmp_path, "elasticsearch", detection, format_name)
    assert isinstance(refusal, Diagnostic)
    assert refusal.code == "JS066"
    assert REFUSED[format_name, detection] in refusal.message
    assert refusal.span is not None
    assert refusal.span.line > 1


RULE = """title: 'A "rule"'
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11
status: test
level: high
description: What it is.
author: Somebody
license: DRL-1.1
references: ['https://example.com/a']
falsepositives: [nothing]
tags: [attack.credential-access, attack.t1110.001, attack.t1110, attack.impact]
logsource: {product: %s}
detection:
  selection: {%s: 'x "y"'}
  condition: selection
"""


@pytest.mark.parametrize(
    ("product", "field", "index"),
    [
        ("jumpcloud", "username|cased", ["logs-jumpcloud.events-*"]),
        ("windows, category: process_creation", "CommandLine|cased", ["a-*", "b-*"]),
    ],
)
def test_a_detection_rule(tmp_path: Path, product: str, field: str, index: list[str]) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE % (product, field), encoding="utf-8")
    pack = load_pack(path)
    options = {"other_index": "a-*,b-*", "interval_minutes": "7", "enabled": "true"}
    made = api.export_queries(pack, "elasticsearch", "detection_rule", options=options)
    api.export_tree(made, pack, tmp_path / "out")
    (line,) = (tmp_path / "out" / "detection_rules.ndjson").read_text("utf-8").splitlines()
    rule = json.loads(line)
    assert rule["query"] == made.queries[0].text
    assert (rule["type"], rule["language"]) == ("query", "lucene")
    assert rule["index"] == index
    assert (rule["rule_id"], rule["name"]) == (made.queries[0].rule.id, 'A "rule"')
    assert (rule["author"], rule["license"]) == (["Somebody"], "DRL-1.1")
    assert (rule["severity"], rule["risk_score"]) == ("high", 73)
    assert (rule["interval"], rule["from"], rule["enabled"]) == ("7m", "now-22m", True)
    assert rule["references"] == ["https://example.com/a"]
    assert rule["false_positives"] == ["nothing"]
    first, second = rule["threat"]
    assert first["tactic"]["id"] == "TA0006"
    (technique,) = first["technique"]
    assert technique["id"] == "T1110"
    assert [each["id"] for each in technique["subtechnique"]] == ["T1110.001"]
    assert technique["subtechnique"][0]["reference"] == (
        "https://attack.mitre.org/techniques/T1110/001/"
    )
    assert (second["tactic"]["name"], second["technique"]) == ("Impact", [])
