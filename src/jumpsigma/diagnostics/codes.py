"""The catalogue of diagnostic codes. A code keeps its meaning for ever and is never reused.

``JS001``-``JS029`` files and packs, ``JS030``-``JS049`` lowering a rule, ``JS050``-``JS059``
mappings, ``JS060`` the intake schema, ``JS061``-``JS069`` export, ``JS070``-``JS079`` events and inputs,
``JS080``-``JS089`` indicators, ``JS090``-``JS099`` output and use. ``JS101`` and up belong to the
checks of ``validate``.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """What a code stands for: a short title and one sentence of explanation."""

    title: str
    explanation: str


CODES: dict[str, Code] = {
    # files and packs
    "JS001": Code("unreadable file", "The file could not be opened or read."),
    "JS002": Code("invalid YAML", "The file is not well-formed YAML."),
    "JS003": Code(
        "duplicate key", "A YAML mapping has the same key twice; the second would win in silence."
    ),
    "JS004": Code("file too large", "The file is larger than a rule file may be."),
    "JS005": Code("nesting too deep", "The YAML is nested deeper than a rule file may be."),
    "JS006": Code(
        "too many aliases", "YAML aliases expand to more nodes than a rule file may have."
    ),
    "JS007": Code("not text", "The file is not UTF-8 text, or holds characters that YAML forbids."),
    "JS008": Code(
        "not a Sigma document", "The document is neither a rule, nor a correlation, nor a filter."
    ),
    "JS010": Code("invalid rule", "pySigma refuses the rule."),
    "JS011": Code("unknown modifier", "The field carries a modifier that Sigma does not have."),
    "JS012": Code(
        "invalid condition",
        "The condition cannot be parsed or names a detection that is not there.",
    ),
    "JS013": Code("duplicate rule id", "Two rules of the pack have the same id."),
    "JS014": Code(
        "filter names an unknown rule", "A filter lists a rule that the pack does not have."
    ),
    "JS015": Code(
        "filter never applies", "A filter's log source does not cover the rules that it names."
    ),
    "JS016": Code(
        "correlation names an unknown rule",
        "A correlation refers to a rule that the pack does not have.",
    ),
    "JS017": Code("invalid pack.yaml", "The pack's description file is wrong."),
    "JS018": Code("no rules found", "The path holds no Sigma file."),
    "JS019": Code("broken installation", "A folder that ships with jumpsigma is missing."),
    "JS020": Code("invalid cases file", "The cases file is wrong."),
    "JS021": Code("cases without a rule", "A cases file has no rule file beside it."),
    # lowering
    "JS030": Code("regex refused", "RE2 does not accept the regular expression."),
    "JS031": Code("empty value list", "A field has an empty list of values, which says nothing."),
    "JS032": Code("value needs a field", "This kind of value only makes sense bound to a field."),
    "JS033": Code(
        "value not supported", "The value is of a kind that cannot be evaluated on events."
    ),
    "JS034": Code(
        "misread by this pySigma",
        "The installed pySigma reads the rule differently from pySigma 2; the rule is refused instead.",
    ),
    "JS035": Code(
        "selector matches nothing", "A pattern such as `1 of filter_*` matches no detection."
    ),
    "JS036": Code(
        "correlation not evaluated",
        "A rule that the correlation refers to cannot run, its condition cannot be judged, or the target holds no windows.",
    ),
    "JS037": Code("conflicting modifiers", "The modifiers of a field contradict each other."),
    "JS038": Code(
        "invalid virtual field", "A virtual field such as `changes[name].to` is not well formed."
    ),
    "JS040": Code(
        "not in a file of its own",
        "A rule that `compile -t python` cannot keep exactly is left out of the file.",
    ),
    "JS041": Code(
        "list not written out",
        "A placeholder stands for values that are too many, or bound to a time, to be written out.",
    ),
    "JS042": Code(
        "no such list", "A placeholder names a list that there is not; its test matches nothing."
    ),
    "JS043": Code(
        "slow placeholder",
        "A placeholder in a regular expression has a list so long that each event takes long.",
    ),
    # mappings
    "JS050": Code(
        "log source not carried",
        "The mapping's place never carries this log source; the rule does not apply.",
    ),
    "JS051": Code(
        "field not carried",
        "The mapping's place has no field for one that the rule needs; an information where its "
        "events are of another kind than the rule is for.",
    ),
    "JS052": Code("mapping not found", "No mapping of that name is on the search path."),
    "JS053": Code("invalid mapping", "The mapping file is wrong."),
    "JS054": Code("value not sayable", "The mapping's place cannot say this value."),
    "JS055": Code(
        "refused by the mapping",
        "The mapping refuses the rule for the reason that it gives, or fails on it.",
    ),
    # intake schema
    "JS060": Code("invalid schema", "The intake schema file is wrong."),
    # export
    "JS061": Code("target not found", "No export target of that name is on the search path."),
    "JS062": Code("invalid target", "The target's backend.yaml or one of its templates is wrong."),
    "JS065": Code(
        "not written",
        "The target could say what the rule needs, but jumpsigma does not write it; the rule is left out.",
    ),
    "JS066": Code(
        "target cannot",
        "The target's query language cannot say what the rule needs; the rule is left out.",
    ),
    "JS067": Code(
        "needs an option",
        "The target can say what the rule needs when an option is given (`-O name=value`).",
    ),
    "JS068": Code(
        "only serves correlations",
        "Only correlations speak for the rule, and no query of one of them is written; the rule is left out, for it would alert each time that something is counted.",
    ),
    # events and inputs
    "JS070": Code("not JSON", "A line or array element is not valid JSON."),
    "JS071": Code("not an object", "A line or array element is JSON, but not an object."),
    "JS072": Code("unreadable input", "An input could not be opened or read."),
    "JS073": Code(
        "damaged archive",
        "A compressed input ends early or is corrupt; what came before was scanned.",
    ),
    "JS074": Code("array not closed", "A JSON array ends early; the elements before were scanned."),
    "JS075": Code(
        "nested too deep", "An event is nested deeper than any JSON reader here accepts."
    ),
    "JS076": Code("no input", "A folder holds no event file."),
    "JS077": Code(
        "event not correlated",
        "An event that satisfies a rule of a correlation took no part in it: it has no time, came too late, or too much was held.",
    ),
    # indicators
    "JS080": Code("not an indicator", "A value of a feed is no indicator, and is left out."),
    "JS081": Code(
        "unusable indicator store", "The indicator store is damaged, or is no store of ours."
    ),
    "JS082": Code(
        "indicator store too new",
        "The indicator store was written by a newer version of jumpsigma.",
    ),
    "JS083": Code(
        "indicator store not private",
        "Somebody else may write to the indicator store, and so decide what is detected.",
    ),
    "JS084": Code("indicator store busy", "Another process is writing to the indicator store."),
    "JS085": Code("extra not installed", "This needs a package that an optional extra installs."),
    "JS086": Code(
        "unsupported indicator",
        "An indicator says more than one value, or something that is none; it is not approximated.",
    ),
    "JS087": Code("unreadable feed", "The content is of no known feed format, or is damaged."),
    "JS088": Code("cannot fetch", "A feed could not be fetched, or fetching it was refused."),
    "JS089": Code(
        "about a feed", "What of a feed was left out, or need not be read again; no fault of it."
    ),
    # output and use
    "JS090": Code("wrong use", "The command line or the call is wrong."),
    "JS091": Code("cannot write", "An output could not be written."),
    "JS092": Code(
        "compile cache not private",
        "Somebody else may read or write the folder of the compile cache; it is not used.",
    ),
}
