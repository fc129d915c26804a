"""mappings/sigma.yml: names as they are, no condition, for every log source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mapping.conftest import Say


@pytest.mark.parametrize(
    "logsource",
    [
        {"product": "jumpcloud", "service": "sso"},
        {"product": "windows", "category": "process_creation"},
        {"category": "dns"},
        {"product": "windows", "service": "system"},
        {"category": "of_my_own"},
    ],
    ids=str,
)
def test_nothing_changes(logsource: dict[str, str], say: Say) -> None:
    selection = {"Image|endswith": "\\x.exe", "event_type": "ldap_search", "Initiated": True}
    expected = "Image = *\\x.exe and event_type = ldap_search and Initiated = true"
    assert say("sigma", logsource, selection) == {"selection": expected}
