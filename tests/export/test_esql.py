"""ES|QL, which nothing here can run: exact queries, and a grammar of what is written.

The grammar is the part of Elasticsearch's own (EsqlBaseParser.g4) that the queries use.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from snippets import exported
from spaces import features, lists_for, shipped

from jumpsigma import api
from jumpsigma.diagnostics import Diagnostic

HEAD = "FROM logs-jumpcloud.events-* METADATA _id, _index, _version\n| WHERE "
QUERIES = {
    "{event_type: SSO_auth, success: false}": (
        'TO_LOWER(event.action) == "sso_auth" AND jumpcloud.event.success == false'
    ),
    "{event_type: [a, B, '1']}": 'TO_LOWER(event.action) IN ("a", "b", "1")',
    "{event_type|cased: Abc, id: '7'}": 'event.action == "Abc" AND event.id == "7"',
    "{username|contains: 'a.b'}": r'user.name RLIKE ".*[aA]\\.[bB].*"',
    "{username: 'a?'}": 'user.name RLIKE "[aA]."',
    "{error_code|lte: 49}": "jumpcloud.event.error_code <= 49",
    "{error_code: [1, 2]}": "jumpcloud.event.error_code == 1 OR jumpcloud.event.error_code == 2",
    "{client_ip|cidr: 192.0.2.0/24}": 'CIDR_MATCH(client.ip, "192.0.2.0/24")',
    "{application.by: x, a-b: y}": (
        'TO_LOWER(jumpcloud.event.application.`by`) == "x"'
        ' AND TO_LOWER(jumpcloud.event.`a-b`) == "y"'
    ),
    "a: {username: x, mfa: true}\nb: {id: y}\ncondition: not (a or b)": (
        '(user.name IS NULL OR NOT TO_LOWER(user.name) == "x"'
        " OR jumpcloud.event.mfa IS NULL OR NOT jumpcloud.event.mfa == true)"
        ' AND (event.id IS NULL OR NOT TO_LOWER(event.id) == "y")'
    ),
    "a: {success: [true, false]}\ncondition: a": (
        "jumpcloud.event.success == true OR jumpcloud.event.success == false"
    ),
}


@pytest.mark.parametrize("detection", QUERIES)
def test_the_query_is_exactly_this(tmp_path: Path, detection: str) -> None:
    made = exported(tmp_path, "elasticsearch", detection, "esql")
    assert made == HEAD + str(QUERIES[detection])
    assert isinstance(made, str)
    assert parse(made)


REFUSED = {
    "{username: null}": "where it may be null or empty",
    "{changes.field: x}": "which holds a list",
    "{auth_context.policies_applied.name: x}": "which holds a list",
    "{username|fieldref: id}": "two fields",
    "{'changes[x].to': 1}": "flattens",
}


@pytest.mark.parametrize("detection", REFUSED)
def test_what_it_cannot_say(tmp_path: Path, detection: str) -> None:
    refusal = exported(tmp_path, "elasticsearch", detection, "esql")
    assert isinstance(refusal, Diagnostic)
    assert REFUSED[detection] in refusal.message


@pytest.mark.parametrize("pack", [shipped, features])
def test_every_query_is_of_the_grammar(pack: object) -> None:
    assert callable(pack)
    rules = pack()
    made = api.export_queries(rules, "elasticsearch", "esql", lists={**lists_for(rules)})
    assert len(made.queries) > 70
    assert [query.text for query in made.queries if not parse(query.text)] == []


WRONG = (
    "x == 1",
    "FROM a METADATA _id, _index, _version\n| WHERE",
    "FROM a METADATA _id, _index, _version\n| WHERE a == ",
    "FROM a METADATA _id, _index, _version\n| WHERE (a == 1",
    "FROM a METADATA _id, _index, _version\n| WHERE a = 1",
    'FROM a METADATA _id, _index, _version\n| WHERE a RLIKE "x\ny"',
    'FROM a METADATA _id, _index, _version\n| WHERE a RLIKE "\\d"',
    "FROM a METADATA _id, _index, _version\n| WHERE a.by == 1",
    "FROM a METADATA _id, _index, _version\n| WHERE a IN ()",
    "FROM a METADATA _id, _index, _version\n| WHERE a == 1 b == 2",
)


@pytest.mark.parametrize("query", WRONG)
def test_the_grammar_refuses_what_is_no_query(query: str) -> None:
    assert not parse(query)


# ------------------------------------------------------------------------------------ the grammar
TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>"(?:\\[tnr"\\]|[^\\"\r\n])*")
    |(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<name>(?:[A-Za-z_@]\w*|`[^`]+`)(?:\.(?:[A-Za-z_@]\w*|`[^`]+`))*)
    |(?P<sign>==|!=|<=|>=|<|>|\(|\)|,)
    )""",
    re.VERBOSE | re.ASCII,
)
FROM = re.compile(r"FROM [a-z0-9.*,_-]+ METADATA _id, _index, _version\n\| WHERE ")
WORDS = {
    "AND", "AS", "ASC", "BY", "DESC", "FALSE", "FIRST", "IN", "IS", "LAST", "LIKE", "NOT", "NULL",
    "NULLS", "ON", "OR", "RLIKE", "TRUE", "WHERE", "WITH",
}  # fmt: skip


def parse(query: str) -> bool:
    """Whether a query is one of those that the grammar has."""
    head = FROM.match(query)
    if head is None:
        return False
    try:
        parser = Parser(query[head.end() :])
        parser.either()
    except ValueError:
        return False
    return not parser.tokens


class Parser:
    """By recursive descent; raises ValueError where something else should stand."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        end = 0
        while end < len(text):
            match = TOKEN.match(text, end)
            if match is None:
                raise ValueError(text[end:])
            kind, word = str(match.lastgroup), match[str(match.lastgroup)]
            kind = "word" if kind == "name" and word.upper() in WORDS else kind
            if kind == "name" and any(p.upper() in WORDS for p in re.split(r"`[^`]+`|\.", word)):
                raise ValueError(word)
            self.tokens.append((kind, word))
            end = match.end()

    def next(self, kind: str, *words: str) -> str:
        if not self.is_next(kind, *words):
            raise ValueError(f"{kind} {words}")
        return self.tokens.pop(0)[1]

    def is_next(self, kind: str, *words: str) -> bool:
        return bool(
            self.tokens
            and self.tokens[0][0] == kind
            and (not words or self.tokens[0][1].upper() in words)
        )

    def either(self) -> None:
        self.both()
        while self.is_next("word", "OR"):
            self.next("word")
            self.both()

    def both(self) -> None:
        self.one()
        while self.is_next("word", "AND"):
            self.next("word")
            self.one()

    def one(self) -> None:
        if self.is_next("word", "NOT"):
            self.next("word")
            self.one()
        elif self.is_next("word", "TRUE", "FALSE"):
            self.next("word")
        elif self.is_next("sign", "("):
            self.next("sign", "(")
            self.either()
            self.next("sign", ")")
        elif self.operand():
            self.compared()

    def operand(self) -> bool:
        """A field or a function of one; false for a function that is a condition."""
        name = self.next("name")
        if not self.is_next("sign", "("):
            return True
        self.next("sign")
        self.next("name")
        if name == "CIDR_MATCH":
            self.next("sign", ",")
            self.next("string")
        elif name != "TO_LOWER":
            raise ValueError(name)
        self.next("sign", ")")
        return name != "CIDR_MATCH"

    def compared(self) -> None:
        if self.is_next("word", "IS"):
            self.next("word")
            if self.is_next("word", "NOT"):
                self.next("word")
            self.next("word", "NULL")
        elif self.is_next("word", "RLIKE"):
            self.next("word")
            self.next("string")
        elif self.is_next("word", "IN"):
            self.next("word")
            self.next("sign", "(")
            self.next("string")
            while self.is_next("sign", ","):
                self.next("sign")
                self.next("string")
            self.next("sign", ")")
        else:
            self.next("sign", "==", "<", "<=", ">", ">=")
            self.constant()

    def constant(self) -> None:
        if self.is_next("word", "TRUE", "FALSE"):
            self.next("word")
        else:
            self.next("string" if self.is_next("string") else "number")
