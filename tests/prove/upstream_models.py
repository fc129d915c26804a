"""The languages of official backends that have no engine, leaf by leaf, as documented.

The documentation is the one that the models in ``engines`` name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Final

from engines.aql_model import _from_java, _like
from engines.engine import QueryError
from engines.logscale_model import _expression
from reading import Row
from upstream_engines import Columns, flat_texts
from upstream_languages import (
    Check,
    Fields,
    Language,
    Reading,
    Truth,
    compared,
    go_text,
    in_network,
    number_test,
    re2_of,
)

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"'
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_SIGN: Final = r"!=|<=|>=|=|<|>"


def _pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)


def _always(_: re.Match[str], __: Reading) -> Check:
    """What chooses the log source, of which all events here are."""
    return lambda _fields: True


def _name(match: re.Match[str]) -> str:
    return match["name"].strip('"')


# LogScale: a comparison with a missing field fails, but for `!=`; texts are compared as they are.
_LS_NAME: Final = r'(?P<name>"[^"]+"|[A-Za-z_@#][\w.]*)'


def _ls_regex(match: re.Match[str], _: Reading) -> Check:
    found = _expression(match["regex"])
    return compared(_name(match), lambda text: found.search(text) is not None, False)


def _ls_equal(match: re.Match[str], _: Reading) -> Check:
    wanted = go_text(match["text"]) if match["text"].startswith('"') else match["text"]
    if "*" in wanted:
        raise QueryError("a text with a wildcard")
    return compared(_name(match), lambda text: text == wanted, False)


def _numeric(match: re.Match[str], _: Reading) -> Check:
    return compared(_name(match), number_test(match["sign"], match["number"]), False)


def _ls_is(match: re.Match[str], _: Reading) -> Check:
    name, wanted = _name(match), match["sign"] == "="
    return lambda fields: (name in fields) is wanted


LOGSCALE: Final = Language(
    (
        (_pattern(_LS_NAME + r"=(?P<regex>/(?:[^/\\\n]|\\.)+/[a-z]*)(?=[\s)]|$)"), _ls_regex),
        (_pattern(_LS_NAME + r"(?P<sign>!?=)\*(?=[\s)]|$)"), _ls_is),
        (_pattern(_LS_NAME + rf"(?P<sign>{_SIGN})(?P<number>{_NUMBER})(?=[\s)]|$)"), _numeric),
        (_pattern(_LS_NAME + rf"=(?P<text>{_QUOTED}|true|false)(?=[\s)]|$)"), _ls_equal),
    ),
    # The pages differ on this.
    readings=({"first": "or"}, {"first": "and"}),
    implicit=True,
)


# VictoriaLogs: a missing field is an empty text; a phrase is whole words, with case.
_VL_NAME: Final = rf"(?P<name>{_QUOTED}|[A-Za-z_][\w.]*):"
_VL_TEXT: Final = rf"(?P<text>{_QUOTED})"


def _vl_phrase(match: re.Match[str], _: Reading) -> Check:
    phrase = go_text(match["text"])
    if not phrase:
        return compared(_name(match), lambda text: not text, "")
    before, after = (r"(?<!\w)" if _is_word(phrase[0]) else ""), r"(?!\w)"
    found = re.compile(before + re.escape(phrase) + (after if _is_word(phrase[-1]) else ""))
    return compared(_name(match), lambda text: found.search(text) is not None, "")


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _vl_regex(match: re.Match[str], _: Reading) -> Check:
    found = re2_of(go_text(match["text"]))
    return compared(_name(match), lambda text: found.search(text) is not None, "")


def _vl_exact(match: re.Match[str], _: Reading) -> Check:
    raw = match["text"]
    wanted = go_text(raw) if raw.startswith('"') else raw
    if match["more"]:
        return compared(_name(match), lambda text: text.startswith(wanted), "")
    return compared(_name(match), lambda text: text == wanted, "")


def _vl_in(match: re.Match[str], _: Reading) -> Check:
    found = re.findall(rf"{_QUOTED}|[^\s,]+", match["texts"])
    wanted = {go_text(each) if each.startswith('"') else each for each in found}
    return compared(_name(match), lambda text: text in wanted, "")


def _vl_range(match: re.Match[str], _: Reading) -> Check:
    network = go_text(match["text"])
    if (":" in network) != (match["version"] == "6"):
        raise QueryError("a network of the other version of IP")
    return compared(_name(match), in_network(network), "")


def _vl_any(match: re.Match[str], _: Reading) -> Check:
    return compared(_name(match), bool, "")


def _vl_field(match: re.Match[str], _: Reading) -> Check:
    name, other = _name(match), match["other"]
    return lambda fields: fields.get(name, "") == fields.get(other, "")


VICTORIALOGS: Final = Language(
    (
        (_pattern(_VL_NAME + rf"=(?P<text>{_QUOTED}|\w+)(?P<more>\*?)"), _vl_exact),
        (_pattern(_VL_NAME + "~" + _VL_TEXT), _vl_regex),
        (_pattern(_VL_NAME + rf"in\((?P<texts>(?:{_QUOTED}|[^()\"])*)\)"), _vl_in),
        (_pattern(_VL_NAME + rf"ipv(?P<version>[46])_range\({_VL_TEXT}\)"), _vl_range),
        (_pattern(_VL_NAME + r"eq_field\((?P<other>[\w.]+)\)"), _vl_field),
        (_pattern(_VL_NAME + r"\*"), _vl_any),
        (_pattern(_VL_NAME + rf"(?P<sign>[<>]=?)(?P<number>{_NUMBER})"), _numeric),
        (_pattern(_VL_NAME + _VL_TEXT), _vl_phrase),
    )
)


# YARA-L: a field of the data model that is not there is an empty text, or nothing compares with it.
_YL_NAME: Final = r"(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*"
_YL_ENDS: Final = r"(?P<nocase> nocase)?(?=[\s)]|$)"


def _yl_missing(reading: Reading) -> Truth | str:
    return "" if reading["missing"] else False


def _yl_regex(match: re.Match[str], reading: Reading) -> Check:
    source = match["regex"][1:-1].replace("\\/", "/")
    found = re2_of(f"(?i){source}" if match["nocase"] else source)
    check = compared(
        match["name"], lambda text: found.search(text) is not None, _yl_missing(reading)
    )
    return _signed(match, check)


def _yl_text(match: re.Match[str], reading: Reading) -> Check:
    wanted = go_text(match["text"])
    if match["nocase"]:
        wanted = wanted.lower()
        check = compared(match["name"], lambda text: text.lower() == wanted, _yl_missing(reading))
    else:
        check = compared(match["name"], lambda text: text == wanted, _yl_missing(reading))
    return _signed(match, check)


def _signed(match: re.Match[str], check: Check) -> Check:
    """``!=`` as the opposite of ``=``."""
    return check if match["sign"] == "=" else lambda fields: not check(fields)


def _yl_range(match: re.Match[str], _: Reading) -> Check:
    return compared(match["name"], in_network(match["network"]), False)


YARAL: Final = Language(
    (
        (_pattern(rf'net\.ip_in_range_cidr\({_YL_NAME},\s*"(?P<network>[^"]+)"\)'), _yl_range),
        (
            _pattern(_YL_NAME + rf"(?P<sign>!?=)\s*(?P<regex>/(?:[^/\\]|\\.)+/){_YL_ENDS}"),
            _yl_regex,
        ),
        (_pattern(_YL_NAME + rf"(?P<sign>!?=)\s*(?P<text>{_QUOTED}){_YL_ENDS}"), _yl_text),
        (_pattern(_YL_NAME + rf"(?P<sign>{_SIGN})\s*(?P<number>{_NUMBER})(?=[\s)]|$)"), _numeric),
    ),
    readings=({"missing": True}, {"missing": False}),
)


# AQL: a comparison with a property that is not there is unknown, or false.
_AQ_NAME: Final = r"(?P<name>[A-Za-z_]\w*)"
_AQ_TEXT: Final = r"'(?P<text>[^']*)'(?!')"


def _aq(match: re.Match[str], reading: Reading, test: Callable[[str], bool]) -> Check:
    return compared(match["name"], test, reading["missing"])


def _aq_like(match: re.Match[str], reading: Reading) -> Check:
    found = re.compile(_like(match["text"]))
    lower = match["lower"] is not None
    return _aq(match, reading, lambda text: bool(found.fullmatch(text.lower() if lower else text)))


def _aq_range(match: re.Match[str], reading: Reading) -> Check:
    return _aq(match, reading, in_network(match["network"]))


def _aq_equal(match: re.Match[str], reading: Reading) -> Check:
    wanted = match["text"]
    return _aq(match, reading, lambda text: text == wanted)


def _aq_number(match: re.Match[str], reading: Reading) -> Check:
    return _aq(match, reading, number_test(match["sign"], match["number"]))


def _aq_in(match: re.Match[str], reading: Reading) -> Check:
    inside = match["texts"]
    if not re.fullmatch(rf"\s*(?:'[^']*'|{_NUMBER})(?:\s*,\s*(?:'[^']*'|{_NUMBER}))*\s*", inside):
        raise QueryError("a list that is not understood")
    wanted = {each.strip("'") for each in re.findall(rf"'[^']*'|{_NUMBER}", inside)}
    return _aq(match, reading, lambda text: text in wanted)


def _aq_matches(match: re.Match[str], reading: Reading) -> Check:
    try:
        found = re.compile(_from_java(match["text"]))
    except re.error as error:
        raise QueryError(f"no expression\n{match['text']}") from error
    find = found.fullmatch if reading["whole"] else found.search
    return _aq(match, reading, lambda text: find(text) is not None)


def _aq_null(match: re.Match[str], _: Reading) -> Check:
    name, wanted = match["name"], match["not"] is None
    return lambda fields: (name not in fields) is wanted


AQL: Final = Language(
    (
        (_pattern(r"devicetype\s*(?:=\s*\d+|IN\s*\([\d, ]+\))"), _always),
        (_pattern(rf"INCIDR\('(?P<network>[^']+)',\s*{_AQ_NAME}\)"), _aq_range),
        (_pattern(rf"(?P<lower>LOWER\(){_AQ_NAME}\) LIKE {_AQ_TEXT}"), _aq_like),
        (_pattern(rf"(?P<lower>)?{_AQ_NAME} LIKE {_AQ_TEXT}"), _aq_like),
        (_pattern(rf"{_AQ_NAME} MATCHES {_AQ_TEXT}"), _aq_matches),
        (_pattern(rf"{_AQ_NAME} IS (?P<not>NOT )?NULL"), _aq_null),
        (_pattern(rf"{_AQ_NAME} IN ?\((?P<texts>(?:'[^']*'|[^')])*)\)"), _aq_in),
        (_pattern(rf"{_AQ_NAME}\s*=\s*{_AQ_TEXT}"), _aq_equal),
        (_pattern(rf"{_AQ_NAME}\s*(?P<sign>{_SIGN})\s*(?P<number>{_NUMBER})"), _aq_number),
    ),
    readings=tuple(
        {"missing": missing, "whole": whole}
        for missing, whole in product((None, False), (True, False))
    ),
    begins=r"SELECT \* FROM events WHERE ",
)


# Cloud SIEM: a comparison with null is null, or false; an expression is found, or fits the whole.
_CS_NAME: Final = r"(?:fields\['(?P<field>[^']+)'\]|(?P<name>[A-Za-z_]\w*))"
_CS_LIST: Final = rf"(?:{_QUOTED}|{_NUMBER})"


def _cs_name(match: re.Match[str]) -> str:
    return match["field"] or match["name"]


def _cs_regex(match: re.Match[str], reading: Reading) -> Check:
    found = re2_of(match["regex"][1:-1].replace("\\/", "/"))
    find = found.fullmatch if reading["whole"] else found.search
    return compared(_cs_name(match), lambda text: find(text) is not None, reading["missing"])


def _cs_equal(match: re.Match[str], reading: Reading) -> Check:
    wanted = go_text(match["text"]) if match["text"].startswith('"') else match["text"]
    return compared(_cs_name(match), lambda text: text == wanted, reading["missing"])


def _cs_number(match: re.Match[str], reading: Reading) -> Check:
    test = number_test(match["sign"], match["number"])
    return compared(_cs_name(match), test, reading["missing"])


def _cs_in(match: re.Match[str], reading: Reading) -> Check:
    found = re.findall(_CS_LIST, match["texts"])
    wanted = {go_text(each) if each.startswith('"') else each for each in found}
    return compared(_cs_name(match), lambda text: text in wanted, reading["missing"])


def _cs_empty(match: re.Match[str], _: Reading) -> Check:
    name = _cs_name(match)
    return lambda fields: not fields.get(name)


def _expression_of(query: str) -> str:
    """The expression of a rule, with the names of the rule's fields instead of the record's."""
    if not query.startswith("{"):
        return query
    rule = json.loads(query)
    mapped = rule["conversion_metadata"]["mapping_confidence"].get("field_mappings", [])
    names = {each["cse_field"]: each["sigma_field"] for each in mapped}

    def name(match: re.Match[str]) -> str:
        short = match[1].removeprefix("EventData.")
        known = [
            names[each] for each in (match[1], short, match[1].replace(".", "_")) if each in names
        ]
        return f"fields['{next(iter(known), short)}']"

    text = re.sub(r"fields\['([^']+)'\]", name, rule["expression"])
    for cse, sigma in names.items():
        text = re.sub(
            rf"(?<![\w'.])({re.escape(cse)})(?= matches |=| in |\))", f"fields['{sigma}']", text
        )
    return text


CLOUD_SIEM: Final = Language(
    (
        (_pattern(rf"metadata_(?:vendor|product)\s*=\s*{_QUOTED}"), _always),
        (_pattern(rf"isEmpty\({_CS_NAME}\)"), _cs_empty),
        (_pattern(_CS_NAME + r" matches (?P<regex>/(?:[^/\\]|\\.)+/)(?=[\s)]|$)"), _cs_regex),
        (
            _pattern(_CS_NAME + rf" in \((?P<texts>\s*{_CS_LIST}(?:\s*,\s*{_CS_LIST})*\s*)\)"),
            _cs_in,
        ),
        (_pattern(_CS_NAME + rf"(?P<sign>{_SIGN})(?P<number>{_NUMBER})(?=[\s)]|$)"), _cs_number),
        (_pattern(_CS_NAME + rf"=(?P<text>{_QUOTED}|true|false)(?=[\s)]|$)"), _cs_equal),
    ),
    readings=tuple(
        {"missing": missing, "whole": whole}
        for missing, whole in product((None, False), (True, False))
    ),
    negation="!",
    unwrapped=_expression_of,
)


# LogQL: a missing label is an empty text, but with numbers and addresses nothing compares with it.
_LQ_NAME: Final = r"(?P<name>[A-Za-z_]\w*)"
_LQ_TEXT: Final = rf"(?P<text>`[^`]*`|{_QUOTED})"


def _lq_regex(match: re.Match[str], reading: Reading) -> Check:
    flags = "(?s)" if reading["dot"] else ""
    found = re2_of(flags + go_text(match["text"]))
    wanted = match["sign"] == "=~"
    return compared(match["name"], lambda text: (found.fullmatch(text) is not None) is wanted, "")


def _lq_text(match: re.Match[str], _: Reading) -> Check:
    text, wanted = go_text(match["text"]), match["sign"] == "="
    return compared(match["name"], lambda found: (found == text) is wanted, "")


def _lq_address(match: re.Match[str], reading: Reading) -> Check:
    test, wanted = in_network(match["network"]), match["sign"] == "="
    missing = False if wanted else reading["missing"]
    return compared(match["name"], lambda text: test(text) is wanted, missing)


def _lq_number(match: re.Match[str], _: Reading) -> Check:
    """A text that is no number is an error, with which the line passes."""
    test = number_test(match["sign"], match["number"])
    number = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
    return compared(match["name"], lambda text: not number.fullmatch(text) or test(text), False)


LOGQL: Final = Language(
    (
        (_pattern(_LQ_NAME + r'(?P<sign>!?=)ip\("(?P<network>[^"]+)"\)'), _lq_address),
        (_pattern(_LQ_NAME + rf"(?P<sign>=~|!~){_LQ_TEXT}"), _lq_regex),
        (_pattern(_LQ_NAME + rf"(?P<sign>!?=){_LQ_TEXT}"), _lq_text),
        (_pattern(_LQ_NAME + rf"(?P<sign>{_SIGN})(?P<number>{_NUMBER})(?=[\s)]|$)"), _lq_number),
    ),
    # Versions differ in whether a dot finds a line break. Predicates are said to be read from the
    # right, and the backend relies in places on `and` before `or`.
    readings=tuple(
        {"first": first, "dot": dot, "missing": missing}
        for first, dot, missing in product(("and", "right"), (True, False), (True, False))
    ),
    begins=r"\{[^{}]*\}\s*\| (?:json|logfmt) \| ",
)


class Texts:
    """The events as texts by name, before queries of one of these languages."""

    def __init__(
        self, language: Language, *, name: Callable[[str], str] = str, empty: bool = True
    ) -> None:
        self._language, self._name, self._empty = language, name, empty
        self._events: dict[str, Fields] = {}

    def load(self, rows: Mapping[str, Row], columns: Columns) -> None:
        """Hold the rows; without ``empty``, an empty text is none."""
        self._events = {
            key: {self._name(field): text for field, text in found.items() if text or self._empty}
            for key, found in flat_texts(rows, columns).items()
        }

    def run(self, query: str) -> list[list[str]]:
        """The ids of the events, in each reading."""
        checks = self._language.read(query)
        return [
            [key for key, fields in self._events.items() if check(fields) is True]
            for check in checks
        ]


def shown(query: str) -> str:
    """A query for the page: of a rule of Cloud SIEM the expression."""
    if not query.startswith("{\n"):
        return query
    found = json.loads(query)
    (rule,) = found.get("rules", [found])
    return str(rule["expression"])


def label(name: str) -> str:
    """A name as Loki has it."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name)


def texts(language: Language, **given: Any) -> Callable[[], Texts]:
    """What makes :class:`Texts` of a language."""
    return lambda: Texts(language, **given)
