"""OpenSearch: exact queries and bodies, refusals, and JSON that is what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from snippets import exported

from jumpsigma import api, load_pack
from jumpsigma.diagnostics import Diagnostic

DECIMAL = r"[+\-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+\-]?[0-9]+)?"
QUERIES = {
    "{event_type: ldap_bind, success: false}": (
        "event_type:/[lL][dD][aA][pP]_[bB][iI][nN][dD]/ AND success:/[fF][aA][lL][sS][eE]/"
    ),
    "{resource.name: '42', error_code: 42}": 'resource.name:"42" AND error_code:"42"',
    "{resource.name|cased: PayRoll}": 'resource.name:"PayRoll"',
    "{resource.name|contains: 'a/b'}": r"resource.name:/.*[aA]\/[bB].*/",
    "{resource.name|endswith: '\\'}": r"resource.name:/.*[\\]/",
    "{resource.name: '?x*'}": "resource.name:/.[xX].*/",
    "{resource.name: '*'}": "resource.name:/.*/",
    "{resource.name: ''}": 'resource.name:""',
    "{resource.name|cased: 'a\"b {{c}}'}": r'resource.name:"a\"b \{\{c\}\}"',
    "{username: [root, admin, '1']}": (
        'username:/([rR][oO][oO][tT]|[aA][dD][mM][iI][nN])/ OR username:"1"'
    ),
    "{username: null}": "*:* AND NOT _exists_:username",
    "{username: [null, '']}": '(*:* AND NOT _exists_:username) OR username:""',
    "{error_code|gte: 49}": f"error_code.number:[49 TO *] AND error_code:/{DECIMAL}/",
    "{error_code|lt: 0}": f"error_code.number:[* TO -0.0}} AND error_code:/{DECIMAL}/",
    "{client_ip|cidr: 192.0.2.0/24}": 'client_ip.ip:"192.0.2.0/24"',
    "{resource.name|re: '^a-\\d$'}": r"resource.name:/a\-[0-9]/",
    "['1:2']": r"all_values:/.*1\:2.*/",
    "{'@version': 1, 'a-b c': 2}": r'@version:"1" AND a\-b\ c:"2"',
    "a: {mfa: 1}\nb: {mfa: 2}\ncondition: not a and not b": ('*:* AND NOT mfa:"1" AND NOT mfa:"2"'),
    "a: {mfa: 1, b: 2}\nb: {mfa: 2}\ncondition: a or not b": (
        '(mfa:"1" AND b:"2") OR (*:* AND NOT mfa:"2")'
    ),
    "a: {mfa: [1, null]}\ncondition: not a": (
        '*:* AND NOT (mfa:"1" OR (*:* AND NOT _exists_:mfa))'
    ),
}


@pytest.mark.parametrize("detection", QUERIES)
def test_the_query_is_exactly_this(tmp_path: Path, detection: str) -> None:
    assert exported(tmp_path, "opensearch", detection) == QUERIES[detection]


REFUSED = {
    ("lucene", "{'changes[x].to': true}"): ("JS066", "query_dsl and monitor do"),
    ("lucene", "{username|exists: false}"): ("JS066", "null or empty"),
    ("lucene", "{username|fieldref: b}"): ("JS066", "two fields"),
    ("lucene", "{timestamp|hour: 3}"): ("JS066", "parts of a time"),
    ("lucene", "{username|re: '\\bx'}"): ("JS066", "boundary of words"),
    ("lucene", "{username: ΣΑΣ}"): ("JS066", "no simple one"),
    ("lucene", "{username|contains: " + "x" * 300 + "}"): ("JS066", "1,000 characters"),
    ("lucene", "{client_ip|cidr: '::/0'}"): ("JS066", "finds IPv4 addresses too"),
    ("lucene", "{'a*b': 1}"): ("JS066", "field name 'a*b'"),
    ("query_dsl", "{'policies[x].to': true}"): ("JS066", "does not keep apart"),
}


@pytest.mark.parametrize(("format_name", "detection"), REFUSED)
def test_what_it_cannot_say(tmp_path: Path, format_name: str, detection: str) -> None:
    refusal = exported(tmp_path, "opensearch", detection, format_name)
    assert isinstance(refusal, Diagnostic)
    code, reason = REFUSED[format_name, detection]
    assert refusal.code == code
    assert reason in refusal.message
    assert refusal.span is not None
    assert refusal.span.line > 1


def nested(query: str) -> dict[str, object]:
    return {"nested": {"path": "changes", "query": string(query)}}


def string(query: str) -> dict[str, object]:
    return {"query_string": {"query": query}}


BODIES = {
    "{mfa: 1}": string('mfa:"1"'),
    "{mfa: 1, 'changes[4].to': 2}": {
        "bool": {"filter": [string('mfa:"1"'), nested('changes.field:"4" AND changes.to:"2"')]}
    },
    "{'changes[*].to': 2}": nested('changes.to:"2"'),
    "{'changes[4].to': null}": {
        "bool": {
            "should": [
                nested('changes.field:"4" AND NOT _exists_:changes.to'),
                {"bool": {"must_not": [nested('changes.field:"4"')]}},
            ],
            "minimum_should_match": 1,
        }
    },
    "{'changes[4]|exists': true}": nested('changes.field:"4"'),
    "a: {mfa: 1}\nb: {'changes[4].to': 2}\ncondition: a or not b": {
        "bool": {
            "should": [
                string('mfa:"1"'),
                {"bool": {"must_not": [nested('changes.field:"4" AND changes.to:"2"')]}},
            ],
            "minimum_should_match": 1,
        }
    },
}


@pytest.mark.parametrize("detection", BODIES)
def test_the_body_is_exactly_this(tmp_path: Path, detection: str) -> None:
    made = exported(tmp_path, "opensearch", detection, "query_dsl")
    assert isinstance(made, str)
    assert json.loads(made) == {"query": BODIES[detection]}


RULE = """title: 'Say "{{hello}}"'
id: 7b9c1d0e-4f7e-4a53-9d0e-2f6a4a0c1b11
status: test
level: high
author: Somebody
license: DRL-1.1
references: ['https://example.com/a']
logsource: {product: jumpcloud}
detection:
  selection: {event_type|cased: 'a "quoted" {{text}}', 'changes[4].to': 2}
  condition: selection
"""


@pytest.mark.parametrize("destination", ["", "channel-1"])
def test_a_monitor_is_json_with_the_body_in_it(tmp_path: Path, destination: str) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE, encoding="utf-8")
    pack = load_pack(path)
    options = {"index": "jc-*", "destination": destination, "interval_minutes": "7"}
    made = api.export_queries(pack, "opensearch", "monitor", options=options)
    api.export_tree(made, pack, tmp_path / "out")
    (file,) = (tmp_path / "out" / "monitors").iterdir()
    text = file.read_text(encoding="utf-8")
    monitor = json.loads(text)
    search = monitor["inputs"][0]["search"]
    assert search["indices"] == ["jc-*"]
    between, query = search["query"]["query"]["bool"]["filter"]
    assert between["range"]["@timestamp"]["gt"] == "{{period_end}}||-12m"
    (body,) = made.queries
    assert query == json.loads(body.text)["query"]
    assert monitor["schedule"] == {"period": {"interval": 7, "unit": "MINUTES"}}
    (trigger,) = (each["query_level_trigger"] for each in monitor["triggers"])
    assert trigger["severity"] == "2"
    assert trigger["name"].endswith("(Somebody, DRL-1.1)")
    assert [each["destination_id"] for each in trigger["actions"]] == [destination] * bool(
        destination
    )
    # A monitor's search and messages are Mustache templates: nothing of a rule is a variable.
    inside = json.dumps([query, [each["message_template"] for each in trigger["actions"]]])
    assert "{{" not in inside.replace('{"', "").replace('"}', "")


def test_the_index_template_is_what_queries_rely_on(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE, encoding="utf-8")
    pack = load_pack(path)
    made = api.export_queries(pack, "opensearch", "query_dsl", options={"time_field": "seen"})
    api.export_tree(made, pack, tmp_path / "out")
    template = json.loads((tmp_path / "out" / "index_template.json").read_text(encoding="utf-8"))
    assert template["index_patterns"] == ["jumpcloud-*"]
    mappings = template["template"]["mappings"]
    kinds = {next(iter(each)) for each in mappings["dynamic_templates"]}
    assert kinds == {"string", "long", "double", "boolean"}
    assert mappings["properties"]["seen"]["type"] == "date"
    assert mappings["properties"]["timestamp"]["copy_to"] == ["all_values", "seen"]
    assert mappings["properties"]["changes"] == {"type": "nested", "include_in_root": True}
