"""Events that somebody hides, or writes oddly: each is found, wherever the blocks are cut."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from material import MANY, rule
from scans import needs_hyperscan, scanned, sizes, whims, without_hyperscan
from sigma.rule import SigmaDetection
from spelling import Escapes, Spelling, spelled
from wrapping import WRAPPERS, Wrapper, wrap

from jumpsigma.api.rules import matcher_for
from jumpsigma.intake import wrapped
from jumpsigma.ir.nodes import Element, Expr, Keyword, Network, Or, Placeholder, Text
from jumpsigma.ir.nodes import Test as FieldTest
from jumpsigma.lower.detections import lower_detection
from jumpsigma.matcher import Matcher
from jumpsigma.prefilter.database import Database
from jumpsigma.prefilter.needs import All, Atom, Need, Some, needs_of

LISTS = {
    "domains": ["ok.example.com", "100.0", "na\u00efve.example.com"],
    "addresses": ["192.0.2.0/24", "2001:db8::1"],
}
QUIET = b'{"id":"q","kind":"quiet","count":1}'

LOCKED = {"event_type": "user_lockout"}
COMMAND = {"CommandLine|contains": "powershell.exe"}
LOOKED_UP = {"host|expand": "%domains%"}
ADDRESS = {"ip|expand": "%addresses%"}

#: Rule, and lines that satisfy it.
FOUND: dict[str, tuple[dict[str, Any] | Expr, list[bytes]]] = {
    "escapes in a value": (
        LOCKED,
        [
            rb'{"event_type":"\u0075ser_lockout"}',
            rb'{"event_type":"user\u005Flockout"}',
            rb'{"event_type":"user\u005flockout"}',
            rb'{"event_type":"\u0055SER_LOCKOU\u0054"}',
        ],
    ),
    "escapes in a key": (
        LOCKED,
        [
            rb'{"\u0065vent_type":"user_lockout"}',
            rb'{"event_typ\u0065":"user_lockout"}',
            rb'{"event\u005Ftype":"user_lockout"}',
        ],
    ),
    "white space": (
        LOCKED,
        [
            b'{"event_type" : "user_lockout"}',
            b'{\t"event_type"\t:\t"user_lockout"\t}',
            b'{"event_type"\r:\r"user_lockout"}',
            b' {"event_type":"user_lockout"}',
            b'{"event_type":"user_lockout"} \t',
            b'{"event_type":"user_lockout"}\r',
            b'{"event_type":"user_lockout"}\r\r',
            b'{"event_type"' + b" " * 5000 + b':"user_lockout"}',
        ],
    ),
    "byte order marks": (
        LOCKED,
        [
            b'\xef\xbb\xbf{"event_type":"user_lockout"}',
            b'\xef\xbb\xbf {"event_type":"user_lockout"}\r',
            b'{"x":"\xef\xbb\xbf","event_type":"user_lockout"}',
        ],
    ),
    "duplicate keys": (
        LOCKED,
        [
            b'{"event_type":"x","event_type":"user_lockout"}',
            b'{"event_type":null,"a":[{"event_type":1}],"event_type":"user_lockout"}',
            rb'{"event_type":"x","event\u005ftype":"user_lockout"}',
        ],
    ),
    "lists": (
        LOCKED,
        [
            b'{"event_type":["user_lockout"]}',
            b'{"event_type":[[],["x",["User_Lockout"]]]}',
            b'{"event_type": [ 1, {"a":2}, "user_lockout" ]}',
        ],
    ),
    "letters that lower to ASCII": (
        {"a": "k\u0130k"},
        [
            '{"a":"k\u0130k"}'.encode(),
            '{"a":"K\u0130K"}'.encode(),
            '{"a":"\u212a\u0130\u212a"}'.encode(),
            rb'{"a":"\u212ai\u0307k"}',
            rb'{"a":"\u212A\u0130K"}',
            '{"a":"ki\u0307k"}'.encode(),
        ],
    ),
    "letters that an expression takes for ASCII": (
        {"a|re|i": "^ask$"},
        [b'{"a":"ASK"}', '{"a":"a\u017fk"}'.encode(), rb'{"a":"a\u017F\u212a"}'],
    ),
    "an expression in other letters": (
        {"a|re|i": "^a\u017f\u212a$"},
        [b'{"a":"ASK"}', b'{"a":"ask"}', '{"a":"a\u017fk"}'.encode()],
    ),
    "control characters and NUL": (
        {"a|contains": "x\x00y\x1fz"},
        [rb'{"a":"x\u0000y\u001fz"}', rb'{"a":"X\u0000Y\u001FZ"}'],
    ),
    "NUL around a text": (
        COMMAND,
        [
            rb'{"CommandLine":"\u0000powershell.exe\u0000"}',
            rb'{"\u0000":"\u0000","CommandLine":"POWERSHELL.EXE"}',
        ],
    ),
    "quotation marks, slashes and backslashes": (
        {"a": 'C:\\\\x\\"y"/z'},
        [
            rb'{"a":"C:\\x\\\"y\"/z"}',
            rb'{"a":"C:\\x\\\"y\"\/z"}',
            rb'{"a":"c:\\X\\\u0022Y\u0022\u002fz"}',
            rb'{"a":"c:\u005cX\u005c\u0022Y\u0022\/z"}',
        ],
    ),
    "slashes": (
        {"a|contains": "x/y/z"},
        [rb'{"a":"x\/y\/z"}', rb'{"a":"x/y\/z"}', rb'{"a":"x\u002fy/z"}', b'{"a":"X/Y/Z"}'],
    ),
    "what writers escape": (
        {"a|contains": "<a+b>&'c`"},
        [
            b'{"a":"<a+b>&\'c`"}',
            rb'{"a":"\u003ca+b\u003e\u0026' + b"'c`\"}",
            rb'{"a":"\u003Ca\u002Bb\u003E\u0026\u0027c\u0060"}',
        ],
    ),
    "keys with marks": (
        {'q"\\x/y': "v"},
        [rb'{"q\"\\x/y":"v"}', rb'{"q\u0022\\x\/y":"v"}', rb'{"q\"\u005cx/y" : ["V"]}'],
    ),
    "keys beyond ASCII": (
        {"stra\u00dfe": "x*"},
        ['{"stra\u00dfe":"xy"}'.encode(), rb'{"stra\u00dfe":"X"}', rb'{"stra\u00DFe":"x"}'],
    ),
    "keys with dots": (
        {"a.b.c": "x"},
        [
            b'{"a":{"b":{"c":"x"}}}',
            b'{"a.b.c":"x"}',
            b'{"a.b":{"c":["x"]}}',
            b'{"a":[{"b.c":"x"}]}',
            rb'{"a\u002eb.c":"x"}',
            b'{"a.b":{"x":1},"a":{"b.c":"X"}}',
        ],
    ),
    "numbers for text": (
        {"n": "100.0"},
        [b'{"n":"100.0"}', b'{"n":1e2}', b'{"n":1E+2}', b'{"n":100.0}', b'{"n":10000e-2}'],
    ),
    "numbers for parts of text": (
        {"n|contains": "00.0"},
        [b'{"n":1e3}', b'{"n":[5e2]}', b'{"n":-1e4}'],
    ),
    "large numbers for text": (
        {"n": "1e+22"},
        [b'{"n":1E22}', b'{"n":10000000000000000000000}', b'{"n":"1e+22"}'],
    ),
    "infinity": (
        {"n|contains": "nfinit"},
        [b'{"n":Infinity}', b'{"n":1e999}', b'{"n":-1E9999}', b'{"n":' + b"9" * 400 + b"}"],
    ),
    "the end of infinity": ({"n|endswith": "y"}, [b'{"n":1e999}', b'{"n":"xy"}']),
    "the beginning of infinity": ({"n|startswith": "-I"}, [b'{"n":-1e999}', b'{"n":-Infinity}']),
    "not a number": ({"n": "nan"}, [b'{"n":NaN}', b'{"n":"NAN"}']),
    "text for numbers": ({"n": 4688}, [b'{"n":"4688"}', b'{"n":4688}', b'{"n":4.688E3}']),
    "a number of three digits": (
        {"n": 100},
        [
            *(b'{"n":%b}' % text for text in (b"1e2", b"10000E-2", b"0.1e+3", b"100.0", b"100")),
            *(b'{"n": [1E2 ]}', b'{"n":1e2\t,"m":2}', b'{"n":{},"n":[[[1E2]]]}', b'{"n":"100"}'),
            b'{"n":99.99999999999999999999}',
            b'{"n":1e2' + b" " * 100 + b"}",
            b'{"n":0.' + b"0" * 80 + b"1e83}",
            b'{"n":1E+' + b"0" * 80 + b"2}",
            b'{"n":100.00000000000000000001}',
            rb'{"n":"\u0031\u0030\u0030"}',
        ],
    ),
    "a number of one digit": (
        {"n": 5},
        [
            *(b'{"n":%b}' % text for text in (b"5", b"5.0", b"50e-1", b"0.5E1", b'"5"', b"[5]")),
            b'{"n" : 4.99999999999999999999 }',
            b'{"n":5' + b"0" * 80 + b"e-80}",
            b'{"n":50E-1' + b"\t" * 100 + b',"m":1}',
            b'{"n" :\r5}',
            rb'{"n":"\u0035"}',
            b'{"n":"5","m":5}',
        ],
    ),
    "nought": (
        {"n": 0},
        [
            *(b'{"n":%b}' % text for text in (b"0", b"-0", b"0.0", b"-0.0", b'"0"', b"0e9")),
            *(b'{"n":%b}' % text for text in (b"1e-400", b"-1E-999", b"0." + b"0" * 400 + b"1")),
        ],
    ),
    "one": (
        {"n": 1},
        [b'{"n":0.9999999999999999999}', b'{"n":10e-1}', b'{"n":1.0}', b'{"n":"1"}', b'{"n":1 }'],
    ),
    "digits for a number": ({"n": "7"}, [b'{"n":7}', b'{"n":"7"}', b'{"n":[[7]]}', b'{"n":7 }']),
    "most of a million": (
        {"n": 999_999},
        [b'{"n":999998.99999999999999}', b'{"n":999999}', b'{"n":9.99999e5}', b'{"n":99999900e-2}'],
    ),
    "text for booleans": (
        {"b": True},
        [b'{"b":true}', b'{"b":"TRUE"}', rb'{"b":"tru\u0065"}', b'{"b":[false,true]}'],
    ),
    "booleans for text": ({"b|endswith": "UE"}, [b'{"b":true}', b'{"b":"blue"}']),
    "booleans as keywords": (
        {"|contains": ["alse"]},
        [b'{"x":{"y":[false]}}', b'{"x":"FALSE!"}'],
    ),
    "lone surrogates": (
        {"a|contains": "tail"},
        [rb'{"a":"\udfff\ud800tail"}', b'{"a":"\xed\xbf\xbfTAIL"}', b'{"a":"\xed\xa0\x80tail"}'],
    ),
    "JSON that only the second reader takes": (
        LOCKED,
        [
            b'{"n":NaN,"event_type":"user_lockout"}',
            b'{"event_type":"user_lockout","n":-Infinity}',
            rb'{"x":"\ud800","event_type":"user_lockout"}',
        ],
    ),
    "separators of Unicode": (
        COMMAND,
        [
            '{"CommandLine":"\u2028powershell.exe\u2029\x85\u00a0"}'.encode(),
            rb'{"CommandLine":"\u2028powershell.exe\u0085\u000b\f"}',
        ],
    ),
    "nested deep": (
        LOCKED,
        [b'{"a":' + b"[" * 900 + b"]" * 900 + b',"event_type":"user_lockout"}'],
    ),
    "long": (
        LOCKED,
        [
            b'{"pad":"' + b"x" * 700_000 + b'","event_type":"user_lockout"}',
            b'{"event_type":"user_lockout","pad":"' + b"\\u0041" * 90_000 + b'"}',
        ],
    ),
    "null and missing": (
        {"id": None},
        [b'{"id":null}', b"{}", b'{"b":1}', b'{"id":[]}', b'{"id":[1,null]}'],
    ),
    "exists": ({"a|exists": True}, [b'{"a":null}', rb'{"\u0061":[]}', b'{"a" :{}}']),
    "field reference": ({"a|fieldref": "b"}, [rb'{"b":"X","a":"x"}', rb'{"\u0062":1,"a":"1"}']),
    "network": (
        {"ip|cidr": "192.0.2.0/24"},
        [
            b'{"ip":"192.0.2.7"}',
            b'{"ip":["::ffff:192.0.2.7"]}',
            b'{"ip":"::FFFF:C000:0207"}',
            b'{"ip":"0:0:0:0:0:ffff:c000:207"}',
            rb'{"ip":"192\u002e0.2.7"}',
        ],
    ),
    "network of six": (
        {"ip|cidr": "2001:db8::/32"},
        [b'{"ip":"2001:DB8::1"}', b'{"ip":"2001:0db8:0:0::1%eth0"}', b'{"ip":[["2001:db8::"]]}'],
    ),
    "list": (
        LOOKED_UP,
        [
            b'{"host":"ok.example.com"}',
            b'{"host" : "OK.example.COM"}',
            b'{"host":\t["x","ok.example.com"]}',
            '{"host":"o\u212a.example.com"}'.encode(),
            rb'{"host":"o\u212a.example.com"}',
            rb'{"host":"\u006fk.example.com"}',
            rb'{"h\u006fst":"ok.example.com"}',
            '{"host":"NA\u00cfVE.example.com"}'.encode(),
            rb'{"host":"na\u00efve.example.com"}',
            b'{"host":1e2}',
            b'{"host":"x","host":"ok.example.com"}',
            b'{"host":{"a":1},"x":{"host":"x"},"host":"ok.example.com"}',
        ],
    ),
    "list of networks": (
        ADDRESS,
        [
            b'{"ip":"192.0.2.9"}',
            b'{"ip":"::ffff:192.0.2.9"}',
            b'{"ip":"2001:0DB8::0001"}',
            b'{"ip":["2001:db8::1%x"]}',
            b'{"ip":"192.0.2.0/24"}',
        ],
    ),
    "list of networks by cidr": (
        FieldTest("ip", Network(Placeholder("addresses"))),
        [b'{"ip":"192.0.2.9"}', b'{"ip" :\r"2001:DB8::1"}'],
    ),
    "list under a key beyond ASCII": (
        {"\u00e9n|expand": "%domains%"},
        ['{"\u00e9n":"ok.example.com"}'.encode(), rb'{"\u00e9n":"ok.example.com"}'],
    ),
    "list or text": (
        Or((FieldTest("\u00e9n", Text((Placeholder("domains"),))), FieldTest("a", Text(("x",))))),
        ['{"\u00e9n":"ok.example.com"}'.encode(), b'{"a":"X"}'],
    ),
    "list in a text": (
        {"host|contains|expand": "x%domains%"},
        [b'{"host":"yxok.example.comz"}', rb'{"host":"X\u006fk.example.com"}'],
    ),
    "list around a text": (
        {"host|contains|expand": "%domains%/%domains%", "a|contains": "zz"},
        [
            b'{"host":"-ok.example.com/OK.example.com-","a":"zZ"}',
            rb'{"a":["y","xzzx"],"host":["x","ok.example.com/\u006fk.example.com"]}',
        ],
    ),
    "list and others": (
        {"host|expand": "%domains%", "n": 17, "b": True, "e": "", "a|endswith": "\\\u00e9zz"},
        [
            '{"host":"OK.example.com","n":17,"b":true,"e":"","a":"\\\\\u00c9ZZ"}'.encode(),
            rb'{"host":["ok.example.com"],"n":[1.7e1],"b":[true],"e":[""],"a":["\\\u00e9zz"]}',
            rb'{"host":"ok.example.com","n":17.0,"b":"TRUE","e" : [1, ""],"a":"\u005c\u00e9zz"}',
        ],
    ),
    "no text": (
        {"a": "", "b.c": ""},
        [
            b'{"a":"","b":{"c":""}}',
            b'{"a" :\t"","b.c":""}',
            b'{"a":[["x",""]],"b":[{"c":"x"},{"c":[""]}]}',
            rb'{"\u0061":"","b":{"c":""}}',
        ],
    ),
    "texts that overlap": (
        {"a|contains|all": ["-enc", "encoded", "ded"]},
        [b'{"a":"x -encoded"}', b'{"a":"-ENC encoded ded"}', rb'{"a":"-encoded!"}'],
    ),
    "ends that overlap": (
        {"a|re": "^power", "b|contains|all": ["owe", "wer"]},
        [b'{"a":"power","b":"POWER"}', b'{"b":"power","a":"powerpower"}'],
    ),
    "element": (
        Element("changes", "totp", lower_detection(SigmaDetection.from_definition({"to": "ok"}))),
        [
            b'{"changes":[{"field":"totp","to":"OK"}]}',
            rb'{"changes":[{"to":"\u006fk","field":["x","TOTP"]}]}',
            b'{"changes": {"to" : "ok", "field" : "totp"} }',
            '{"changes":[[{"field":"totp","to":"o\u212a"}]]}'.encode(),
        ],
    ),
    "element by a number": (
        Element("changes", "1", lower_detection(SigmaDetection.from_definition({"to": True}))),
        [b'{"changes":[{"field":1,"to":true}]}', b'{"changes":[{"field":"1","to":"True"}]}'],
    ),
    "one character": ({"a|contains": "z"}, [b'{"a":"xZy"}', rb'{"a":"\u007a"}', b'{"a":["z"]}']),
    "empty": ({"a": ""}, [b'{"a":""}', b'{"a" : [ "" ]}']),
    "wildcards": ({"a": "p?w*r"}, [b'{"a":"POWER"}', b'{"a":"p\xc3\xa9wr"}', rb'{"a":"p\nwr"}']),
    "text beyond ASCII": (
        {"a|endswith": "\u00e9-cmd\u00e9"},
        [
            '{"a":"x\u00c9-CMD\u00c9"}'.encode(),
            rb'{"a":"\u00e9-cmd\u00e9"}',
            rb'{"a":"\u00C9-cmd\u00C9"}',
        ],
    ),
    "keywords that stand between events, too": (
        Or((Keyword(Text(("  ",))), Keyword(Text((", ",))), Keyword(Text(("},",))))),
        [b'{"a":"x  y"}', b'{"a":"x, y"}', b'{"a":"x},y","b":"  "}'],
    ),
    "network of seven groups": (
        {"ip|cidr": "2001:db8:1:2:3:4:c000:0/112"},
        [
            b'{"ip":"2001:0db8:1:02:3:4:c000:207"}',
            b'{"ip":"2001:DB8:1:2:3:4:192.0.2.7"}',
            b'{"ip":"2001:0db8:0001:0002:0003:0004:192.0.2.7"}',
        ],
    ),
    "keyword": (
        {"|contains": ["needle"]},
        [
            b'{"x":[{"y":"a NEEDLE b"}]}',
            rb'{"x":"n\u0065edle"}',
            rb'{"\u0000":"needle"}',
        ],
    ),
    "a long value": (
        {"a": "ab.cd" * 5000},
        [b'{"a":"' + b"AB.cd" * 5000 + b'"}', b'{"a":"' + b"ab\\u002ecd" * 5000 + b'"}'],
    ),
    "a long expression": (
        {"a|re": "(?:" + "|".join(f"word{number}x" for number in range(3000)) + ")"},
        [b'{"a":"word2999x"}'],
    ),
}


GAPS = {
    "one line": b",",
    "a space": b", ",
    "lines": b",\n",
    "indented": b",\n    ",
    "odd": b" ,\r\n\t",
}


def matcher_of(definition: dict[str, Any] | Expr) -> Matcher:
    expr = definition
    if isinstance(expr, dict):
        expr = lower_detection(SigmaDetection.from_definition(expr))
    return matcher_for([rule(expr)], lists=LISTS)


def found(matcher: Matcher, content: bytes) -> list[int]:
    """The numbers of the events that the rule is found in."""
    scan = scanned(matcher, content)
    assert not scan.rejects
    assert not scan.problems
    return [number for _, number, _, _ in scan.told]


def amid_others(hidden: list[bytes]) -> tuple[list[bytes], list[int]]:
    """Each event amid quiet ones, and the numbers that they have then."""
    events = [QUIET, *(each for event in hidden for each in (event, QUIET, QUIET))]
    return events, [number for number, event in enumerate(events, 1) if event is not QUIET]


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_nothing_is_hidden_in_lines(name: str, end: bytes) -> None:
    definition, hidden = FOUND[name]
    matcher = matcher_of(definition)
    lines, expected = amid_others(hidden)
    content = end.join(lines) + end
    exactly = len(lines[0] + end), len(lines[0] + end + lines[1] + end)
    for block in (50, 333, *exactly, 1 << 18):
        with sizes(block=block):
            assert found(matcher, content) == expected
    for seed in range(6):
        with sizes(block=500), whims(seed):
            assert found(matcher, content) == expected
    with without_hyperscan():
        assert found(matcher, content) == expected


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("gap", GAPS)
def test_nothing_is_hidden_in_arrays(name: str, gap: str) -> None:
    definition, hidden = FOUND[name]
    matcher = matcher_of(definition)
    hidden = [each for each in hidden if not each.startswith(b"\xef")]
    events, expected = amid_others([QUIET, QUIET, *hidden, QUIET, *hidden, QUIET, QUIET])
    content = b"[" + GAPS[gap].join(events) + b"]"
    for block in (100, 500, 1 << 18):
        with sizes(block=block):
            assert found(matcher, content) == expected
    for seed in range(4):
        with sizes(block=500), whims(seed):
            assert found(matcher, content) == expected


LOCKOUT: dict[str, Any] = {
    "event_type": "user_lockout",
    "service": "directory",
    "@version": "1",
    "client_ip": "192.0.2.7",
    "initiated_by": {"type": "user", "username": "jane"},
    "changes": [{"field": "totp_enabled", "from": False, "to": True}],
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("escapes", ["plain", "dotnet", "all"])
@pytest.mark.parametrize(
    "definition",
    [
        LOCKED,
        {"@version": "1"},
        {"client_ip|cidr": "192.0.2.0/24"},
        {"initiated_by.username": "jane"},
        {"initiated_by.type|exists": True},
        {"changes.to": True},
        {"service|endswith": "Tory", "changes.field|contains": "_ena"},
    ],
    ids=str,
)
def test_no_wrapper_hides_an_event(
    wrapper: Wrapper, escapes: Escapes, definition: dict[str, Any]
) -> None:
    expr = lower_detection(SigmaDetection.from_definition(definition))
    matcher = matcher_for([rule(expr, mapping=wrapped.MAPPING)])
    document = wrap(LOCKOUT, wrapper, Spelling(escapes, space=" "))
    events, expected = amid_others([spelled(document), spelled(document, Spelling("ascii"))])
    for seed in range(4):
        with sizes(), whims(seed):
            assert found(matcher, b"\n".join(events)) == expected


def test_no_escape_hides_a_character() -> None:
    """Each character of ASCII, in a text and in a key, in both cases and both kinds of digits."""
    characters = list(map(chr, range(1, 128)))
    rules, lines = [], []
    for number, character in enumerate(characters):
        text = Text((MANY, f"ab{character}cd", MANY), cased=True)
        either = Or((FieldTest("v", text), FieldTest(f"k{character}y", Text(("x",)))))
        rules.append(rule(either, number))
        for form in ("\\u{:04x}", "\\u{:04X}"):
            escaped = form.format(ord(character))
            lines.append(f'{{"v":"-ab{escaped}cd-"}}')
            lines.append(f'{{"k{escaped}y":"X"}}')
    content = "\n".join(lines).encode()
    for seed in range(4):
        with sizes(), whims(seed):
            scan = scanned(matcher_for(rules), content)
        assert [title for title, _, _, _ in scan.told] == [
            each.title for each in rules for _ in range(4)
        ]


@pytest.mark.parametrize("text", [b"\\/", "\u212a".encode(), b"\\u0041", b"z"])
def test_one_event_cannot_cost_the_memory_of_many(text: bytes) -> None:
    """However often something that is looked for stands in it."""
    matcher = matcher_for([rule(Keyword(Text(("z",)))), rule(Keyword(Text(("never",))))])
    line = b'{"a":"' + text * (1_000_000 // len(text)) + b'"}'
    tracemalloc.start()
    try:
        with sizes():
            scan = scanned(matcher, QUIET + b"\n" + line + b"\n")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert scan.stats.read == 2
    assert peak < 20 * len(line)


@needs_hyperscan
@pytest.mark.parametrize("gap", GAPS)
def test_blocks_of_arrays_are_filtered(gap: str) -> None:
    with sizes(block=500):
        scan = scanned(matcher_of(LOCKED), b"[" + GAPS[gap].join([QUIET] * 100) + b"]")
    assert scan.stats.read == 100
    assert scan.stats.parsed < 50


@needs_hyperscan
@pytest.mark.parametrize("name", FOUND)
def test_hyperscan_takes_what_a_rule_needs(name: str) -> None:
    """Or else the prefilter would be off, for all rules."""
    definition, _ = FOUND[name]
    need = needs_of(matcher_of(definition).rules[0].condition)
    for atom in atoms_of(need):
        Database([(atom.pattern, atom.caseless)])  # raises ValueError for one that it refuses


def atoms_of(need: Need | None) -> list[Atom]:
    match need:
        case Atom():
            return [need]
        case All(items) | Some(items):
            return [atom for item in items for atom in atoms_of(item)]
        case _:
            return []


ODD = (b"[1]", b"x", b'{"a":1', b'"a":1}', b"}", b"{", b"\xef\xbb\xbf", b"0")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("odd", ODD)
def test_lines_of_another_shape_are_rejected(odd: bytes, end: bytes) -> None:
    """Wherever in a block they stand; the others only if they are parsed."""
    lines = [QUIET, *(line for _ in range(5) for line in (odd, QUIET, QUIET)), odd]
    expected = [number for number, line in enumerate(lines, 1) if line is odd]
    for block in range(30, 200, 17):
        with sizes(block=block):
            scan = scanned(matcher_of(LOCKED), end.join(lines) + end)
        assert [line for line, _, _ in scan.rejects] == expected
