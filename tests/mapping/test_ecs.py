"""mappings/ecs.yml: from the Sigma taxonomy to the Elastic Common Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mapping.conftest import Say

MD5, SHA1, SHA256, IMPHASH = "0A" * 16, "0B" * 20, "0C" * 32, "0D" * 16

# Category: the condition that it becomes. A `service` alone becomes none, in NO_CONDITION.
CONDITIONS = {
    "process_creation": "event.category = process and event.type = start",
    "file_event": "event.category = file and event.type = creation",
    "registry_set": "event.category = registry and event.type = change",
    "network_connection": "event.category = network and event.type = connection",
    "firewall": "event.category = network and event.type = connection",
    "dns": "event.category = network and event.type = protocol",
    "dns_query": "event.category = network and event.type = protocol",
    "proxy": "event.category = web",
    "webserver": "event.category = web",
    "antivirus": "event.category = malware",
    "ps_script": "event.category = process",
}
NO_CONDITION: list[dict[str, str]] = [
    {"product": "windows", "service": "system"},
    {"product": "windows", "service": "sysmon"},
    {"product": "linux", "service": "sshd"},
    {"product": "windows"},
]

# Category and product, then one field of the taxonomy a row: its ECS name.
FIELDS: dict[str, dict[str, str]] = {
    "process_creation windows": {
        "Image": "process.executable",
        "OriginalFileName": "process.pe.original_file_name",
        "Product": "process.pe.product",
        "Description": "process.pe.description",
        "Company": "process.pe.company",
        "FileVersion": "process.pe.file_version",
        "CommandLine": "process.command_line",
        "CurrentDirectory": "process.working_directory",
        "ProcessId": "process.pid",
        "ParentImage": "process.parent.executable",
        "ParentCommandLine": "process.parent.command_line",
        "ParentProcessId": "process.parent.pid",
        "User": "user.name",
        "IntegrityLevel": "winlog.event_data.IntegrityLevel",
        "LogonId": "winlog.event_data.LogonId",
        "EventID": "event.code",
        "Provider_Name": "winlog.provider_name",
        "md5": "process.hash.md5",
        "sha1": "process.hash.sha1",
        "sha256": "process.hash.sha256",
        "Imphash": "process.pe.imphash",
    },
    "process_creation linux": {"Image": "process.executable", "User": "user.name"},
    "file_event windows": {
        "TargetFilename": "file.path",
        "Image": "process.executable",
        "CommandLine": "process.command_line",
        "md5": "file.hash.md5",
        "Imphash": "file.pe.imphash",
    },
    "registry_set windows": {
        "TargetObject": "registry.path",
        "Details": "registry.data.strings",
        "Image": "process.executable",
    },
    "network_connection windows": {
        "DestinationHostname": "destination.domain",
        "DestinationIp": "destination.ip",
        "DestinationPort": "destination.port",
        "SourceIp": "source.ip",
        "SourcePort": "source.port",
        "Protocol": "network.transport",
        "Image": "process.executable",
    },
    "firewall ": {
        "dst_ip": "destination.ip",
        "src_ip": "source.ip",
        "dst_port": "destination.port",
        "src_port": "source.port",
        "action": "event.action",
    },
    "dns ": {
        "query": "dns.question.name",
        "record_type": "dns.question.type",
        "answer": "dns.answers.data",
    },
    "dns_query windows": {"QueryName": "dns.question.name", "Image": "process.executable"},
    "proxy ": {
        "c-uri": "url.original",
        "c-uri-extension": "url.extension",
        "cs-uri-stem": "url.path",
        "cs-host": "url.domain",
        "c-useragent": "user_agent.original",
        "cs-method": "http.request.method",
        "cs-referer": "http.request.referrer",
        "sc-status": "http.response.status_code",
        "dst_ip": "destination.ip",
    },
    "webserver ": {
        "cs-user-agent": "user_agent.original",
        "cs-username": "user.name",
        "c-ip": "source.ip",
    },
    "antivirus ": {"Signature": "rule.name", "Filename": "file.path"},
    "ps_script windows": {
        "ScriptBlockText": "powershell.file.script_block_text",
        "Path": "file.path",
    },
}

PROCESS = {"category": "process_creation", "product": "windows"}
FILE = {"category": "file_event", "product": "windows"}
CONNECTION = {"category": "network_connection", "product": "windows"}
REGISTRY = {"category": "registry_set", "product": "windows"}
SYSTEM = {"product": "windows", "service": "system"}
PROXY = {"category": "proxy"}

# Name: log source, selection, the selection afterwards.
SPECIAL: dict[str, tuple[dict[str, str], Any, str]] = {
    "hashes by algorithm": (
        PROCESS,
        {
            "Hashes|contains": [
                f"MD5={MD5}",
                f"SHA1={SHA1}",
                f"SHA256={SHA256}",
                f"IMPHASH={IMPHASH}",
            ]
        },
        (
            f"(process.hash.md5 = {MD5} or process.hash.sha1 = {SHA1}"
            f" or process.hash.sha256 = {SHA256} or process.pe.imphash = {IMPHASH})"
        ),
    ),
    "hashes of one algorithm": (
        PROCESS,
        {"Hashes|contains": [f"MD5={MD5}", f"md5={IMPHASH}"]},
        f"process.hash.md5 = {MD5} | {IMPHASH}",
    ),
    "hashes of a file": (
        FILE,
        {"Hashes|contains": f"SHA256={SHA256}"},
        f"file.hash.sha256 = {SHA256}",
    ),
    "imphash of a file": (FILE, {"Hashes|contains": f"IMPHASH={MD5}"}, f"file.pe.imphash = {MD5}"),
    "all hashes": (
        PROCESS,
        {"Hashes|contains|all": [f"MD5={MD5}", f"SHA1={SHA1}"]},
        f"(process.hash.md5 = {MD5} and process.hash.sha1 = {SHA1})",
    ),
    "no such hash": (
        PROCESS,
        {"Hashes|contains|neq": [f"MD5={MD5}", f"SHA1={SHA1}"]},
        f"(not process.hash.md5 = {MD5} and not process.hash.sha1 = {SHA1})",
    ),
    "initiated, a boolean": (CONNECTION, {"Initiated": True}, "network.direction = egress"),
    "initiated, text": (CONNECTION, {"Initiated": "true"}, "network.direction = egress"),
    "not initiated": (CONNECTION, {"Initiated": False}, "network.direction = ingress"),
    "not initiated, text": (CONNECTION, {"Initiated": "False"}, "network.direction = ingress"),
    "user by name": (PROCESS, {"User": "root"}, "user.name = root"),
    "user with domain": (
        PROCESS,
        {"User": "NT AUTHORITY\\SYSTEM"},
        "(user.domain = NT AUTHORITY and user.name = SYSTEM)",
    ),
    "user with any domain": (PROCESS, {"User|endswith": "\\SYSTEM"}, "user.name = SYSTEM"),
    "not this user": (
        PROCESS,
        {"User|neq": "NT AUTHORITY\\SYSTEM"},
        "(not user.domain = NT AUTHORITY or not user.name = SYSTEM)",
    ),
    "part of a user": (
        PROCESS,
        {"User|contains": "AUTHORI"},
        "(user.domain = *AUTHORI* or user.name = *AUTHORI*)",
    ),
    "users of each kind": (
        PROCESS,
        {"User": ["root", "A\\b", None, "*c*"]},
        (
            "((user.domain = A and user.name = b) or (user.domain = *c* or user.name = *c*)"
            " or user.name = root | null)"
        ),
    ),
    "service name": (
        SYSTEM,
        {"ServiceName|startswith": ["a", "b"]},
        "(service.name = a* | b* or winlog.event_data.ServiceName = a* | b*)",
    ),
    "no service name": (
        SYSTEM,
        {"ServiceName": None},
        "(service.name = null and winlog.event_data.ServiceName = null)",
    ),
    "fields of a system event": (
        SYSTEM,
        {
            "EventID": 7045,
            "Provider_Name": "p",
            "ImagePath": "i",
            "AccountName": "a",
            "Channel": "c",
        },
        (
            "event.code = 7045 and winlog.provider_name = p and winlog.event_data.ImagePath = i and"
            " winlog.event_data.AccountName = a and winlog.channel = c"
        ),
    ),
    "fields of a security event": (
        {"product": "windows", "service": "security"},
        {"EventID": 4697, "ServiceFileName": "s", "SubjectUserName": "u"},
        (
            "event.code = 4697 and winlog.event_data.ServiceFileName = s and"
            " winlog.event_data.SubjectUserName = u"
        ),
    ),
    "registry numbers": (
        REGISTRY,
        {"Details": ["DWORD (0x00000001)", "text"]},
        "registry.data.strings = DWORD (0x00000001) | 0x00000001 | 1 | text",
    ),
    "any registry number": (
        REGISTRY,
        {"Details|contains": "QWORD (0x00000000000003c0)"},
        "registry.data.strings = *QWORD (0x00000000000003c0)* | 0x00000000000003c0 | 960",
    ),
    "query of a request": (
        PROXY,
        {"cs-uri-query|contains|all": ["/a", "b="]},
        "((url.query = */a* or url.original = */a*) and (url.query = *b=* or url.original = *b=*))",
    ),
    "a field that a value refers to": (
        PROCESS,
        {"Image|fieldref": "ParentImage"},
        "process.executable = <process.parent.executable>",
    ),
    "names that are ECS already": (PROCESS, {"process.name": "x"}, "process.name = x"),
    "keywords": (PROXY, ["one", "two"], "None = one | two"),
    "nested maps": (
        PROCESS,
        [{"Image": "a", "ServiceName": "b"}, {"CommandLine": "c"}],
        (
            "(process.executable = a and (service.name = b or winlog.event_data.ServiceName = b))"
            " or process.command_line = c"
        ),
    ),
}

NO_FIELD = "this mapping knows no ECS field that holds it"
REFUSED: dict[str, tuple[dict[str, str], Any, list[str]]] = {
    "jumpcloud": (
        {"product": "jumpcloud", "service": "sso"},
        {"event_type": "sso_auth"},
        [
            (
                "JS050 this mapping turns the Sigma taxonomy into ECS, and rules for product"
                " jumpcloud have other names"
            )
        ],
    ),
    "a category without a condition": (
        {"category": "image_load", "product": "windows"},
        {"ImageLoaded": "x"},
        ["JS050 ECS has no condition that stands for this category"],
    ),
    "fields without a place": (
        PROCESS,
        {"GrandParentImage": "x", "Image": "y", "ParentUser": "z"},
        [f"JS051 field 'GrandParentImage': {NO_FIELD}", f"JS051 field 'ParentUser': {NO_FIELD}"],
    ),
    "fields of another channel": (
        {"product": "windows", "service": "windefend"},
        {"ThreatName": "x"},
        [f"JS051 field 'ThreatName': {NO_FIELD}"],
    ),
    "unnamed data": (
        SYSTEM,
        {"Data": "x", "Level": 4},
        [f"JS051 field 'Data': {NO_FIELD}", f"JS051 field 'Level': {NO_FIELD}"],
    ),
    "part of a hash": (
        PROCESS,
        {"Hashes|contains": ["MD5=0A", f"SHA1={SHA1}"]},
        ["JS054 field 'Hashes': only whole hashes such as SHA256=… have a field in ECS"],
    ),
    "a pattern across domain and user": (
        PROCESS,
        {"User|startswith": "NT"},
        ["JS054 field 'User': ECS keeps domain and user apart, and this pattern could span both"],
    ),
    "both directions": (
        CONNECTION,
        {"Initiated": [True, False]},
        [
            (
                "JS054 field 'Initiated': is the direction of a connection in ECS, which can say"
                " only true or only false"
            )
        ],
    ),
    "all with a reference to a field that is two": (
        PROXY,
        {"cs-uri-query|fieldref|all": ["c-uri", "cs-host"]},
        [
            (
                "JS051 field 'cs-uri-query' is several fields here: 'url.query' and 'url.original',"
                " which `fieldref` with `all` cannot compare with"
            )
        ],
    ),
}


@pytest.mark.parametrize("category", CONDITIONS)
def test_condition_of_a_category(category: str, say: Say) -> None:
    texts = say("ecs", {"category": category}, ["word"])
    assert texts == {"selection": "None = word", "_logsource": CONDITIONS[category]}


@pytest.mark.parametrize("logsource", NO_CONDITION, ids=str)
def test_no_condition(logsource: dict[str, str], say: Say) -> None:
    assert say("ecs", logsource, ["word"]) == {"selection": "None = word"}


@pytest.mark.parametrize(
    ("source", "field"), [(source, field) for source, fields in FIELDS.items() for field in fields]
)
def test_field(source: str, field: str, say: Say) -> None:
    category, _, product = source.partition(" ")
    logsource = {"category": category} | ({"product": product} if product else {})
    texts = say("ecs", logsource, {field: "value"})
    assert isinstance(texts, dict), texts
    assert texts["selection"] == f"{FIELDS[source][field]} = value"


@pytest.mark.parametrize("name", SPECIAL)
def test_special(name: str, say: Say) -> None:
    logsource, selection, expected = SPECIAL[name]
    texts = say("ecs", logsource, selection)
    assert isinstance(texts, dict), texts
    assert texts["selection"] == expected


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, say: Say) -> None:
    logsource, selection, expected = REFUSED[name]
    assert say("ecs", logsource, selection) == expected
