"""What devices and directory clients report: sign-ins, LDAP, management, software, files."""

from __future__ import annotations

from typing import Any

from jumpsigma.synth.activities import Activity, Body, by_system, by_user, change, envelope
from jumpsigma.synth.company import ORGANIZATION, object_id
from jumpsigma.synth.templates import slot


def _login(message: str, *, success: bool, **more: Any) -> Body:
    # client_ip is the public address of the device, src_ip that of who signs in.
    return {
        **envelope("systems", "login_attempt"),
        "client_ip": slot("client_ip"),
        "initiated_by": slot("user_unnamed"),
        "username": slot("username"),
        "system": slot("device"),
        "system_timestamp": slot("system_timestamp"),
        "message": message,
        "success": success,
        **more,
    }


_WINDOWS = {"windows_meta": {"elevated": slot("elevated"), "logon_type": slot("logon_type")}}
# Numbers of Windows, but texts: unlock, remote interactive, cached interactive, interactive.
_LOGON_TYPES = {"logon_type": ("7", "2", "10", "11"), "elevated": (False, False, True)}


def _ldap(event_type: str, *, success: bool, code: int, **more: Any) -> Body:
    return {
        **envelope("ldap", event_type),
        "initiated_by": slot("user_unnamed"),
        "username": slot("username"),
        "connection_id": slot("connection_id"),
        "tls_established": slot("tls"),
        "start_tls": slot("start_tls"),
        "success": success,
        "error_code": code,
        **more,
    }


_TLS: dict[str, tuple[object, ...]] = {
    "tls": (True, True, False),
    "start_tls": (False, True),
    "operation_number": (0, 1, 2),
}


def _mdm(request_type: str, **more: Any) -> Body:
    # The specification has device_object_id; real Apple events have these two, and no `success`.
    return {
        **envelope("mdm", "mdm_command_result", event_id="uuid"),
        "mdm_type": "apple",
        "mdm_device_id": slot("device_id"),
        "mdm_device_manager_id": slot("manager_id"),
        "command_uuid": slot("uuid"),
        "request_type": request_type,
        **more,
    }


def _profile(number: int) -> Body:
    """A profile on a device, with the certificates that make such events so large."""
    name = f"com.example.profile.{number}"
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    part = {
        "payload_type": "com.apple.applicationaccess",
        "payload_identifier": f"{name}.1",
        "payload_uuid": uuid,
        "payload_version": 1,
        "payload_organization": "",
        "payload_display_name": "Restrictions",
        "payload_description": "",
    }
    return {
        "payload_identifier": name,
        "payload_uuid": uuid,
        "payload_organization": "Example",
        "payload_display_name": f"Profile {number}",
        "payload_description": "",
        "payload_verion": 1,  # spelled like this in the events
        "payload_removal_disallowed": True,
        "has_removal_passcode": False,
        "is_encrypted": False,
        "is_managed": True,
        "signer_certificates": ["MIIF" + "QUJDREVG" * 250, "MIIE" + "R0hJSktM" * 250],
        "payload_content": [part],
    }


_UPDATE = {
    "product_key": "_MACOS_15.6",
    "human_readable_name": "macOS 15.6",
    "human_readable_name_locale": "en_US",
    "version": "15.6",
    "download_size": 2_400_000_000,
    "install_size": 5_100_000_000,
    "metadata_url": "https://updates.example.com/15.6",
    "allows_install_later": True,
    "is_config_data_update": False,
    "is_critical": False,
    "is_firmware_update": False,
    "is_major_os_update": False,
    "requires_bootstrap_token": True,
    "restart_required": True,
}

_SOFTWARE = (
    ("Google Chrome", "137.0.7151.55", "137.0.7151.69", "Google LLC", "/Applications/Chrome.app"),
    ("Slack", "4.43.52", "4.44.59", "Slack Technologies", "/Applications/Slack.app"),
    ("Zoom", "6.4.10", "6.5.1", "Zoom", "C:\\Program Files\\Zoom\\bin\\Zoom.exe"),
    ("7-Zip", "24.08", "24.09", "Igor Pavlov", "C:\\Program Files\\7-Zip\\7z.exe"),
)


def _software(event_type: str, *, changed: bool = False) -> tuple[Body, ...]:
    return tuple(
        {
            **by_system("software", event_type)[0],
            "application": {
                "name": name,
                "version": new,
                "publisher": publisher,
                "path": path,
                **({"uninstall_string": f'"{path}" /S'} if "\\" in path else {}),
            },
            "system": slot("device_short"),
            **({"changes": [change("version", before=old, after=new)]} if changed else {}),
        }
        for name, old, new, publisher, path in _SOFTWARE
    )


def _stored(event_type: str, result: str, **more: Any) -> tuple[Body, ...]:
    return by_system(
        "object_storage",
        event_type,
        result=result,
        referrer_object_id=object_id("software", "agent"),
        referrer_type="SOFTWARE_APP",
        object_storage_item_object_id=object_id("file", "agent"),
        object_storage_item_version_object_id=object_id("file version", "agent"),
        object_storage_item_version_name="agent.pkg",
        object_storage_item_version_size=48_234_496,
        object_storage_item_version_sha_256_sum="ab" * 32,
        **more,
    )


ROWS = (
    # --- signing in on devices
    Activity(
        "login_attempt_windows",
        "windows",
        (_login("An account was successfully logged on", success=True, **_WINDOWS),),
        choices=_LOGON_TYPES,
    ),
    Activity(
        "login_attempt_mac",
        "mac",
        (_login("Screen unlocked", success=True),),
        digits=9,
    ),
    Activity(
        "login_attempt_ssh",
        "linux",
        (_login(slot("message_in"), success=True, process_name="sshd", src_ip=slot("client_ip")),),
    ),
    Activity(
        "login_attempt_failed",
        "everybody",
        (
            _login(slot("message_fail"), success=False),
            _login(
                slot("message_fail"), success=False, process_name="sshd", src_ip=slot("client_ip")
            ),
        ),
    ),
    Activity(
        "user_lockout_device",
        "everybody",
        by_system(
            "systems",
            "user_lockout",
            initiated_by=slot("user_unnamed"),
            username=slot("username"),
            system=slot("device"),
            resource=slot("self_systemuser"),
            success=True,
        ),
    ),
    # --- LDAP
    Activity(
        "ldap_bind",
        "everybody",
        (
            _ldap(
                "ldap_bind",
                success=True,
                code=0,
                dn=slot("dn"),
                auth_method="simple",
                mech="simple",
                operation_type="bind",
                operation_number=slot("operation_number"),
                auth_meta={"auth_methods": {"password": {"success": True}}},
            ),
        ),
        choices=_TLS,
    ),
    Activity(
        "ldap_bind_failed",
        "everybody",
        (
            _ldap(
                "ldap_bind",
                success=False,
                code=49,
                dn=slot("dn"),
                auth_method="simple",
                mech="simple",
                operation_type="bind",
                operation_number=slot("operation_number"),
                error_message="invalid credentials",
            ),
        ),
        choices=_TLS,
    ),
    Activity(
        # The specification calls it ldap_search.
        "ldap_srch",
        "everybody",
        (
            _ldap(
                "ldap_srch",
                success=True,
                code=0,
                base=f"ou=Users,o={ORGANIZATION},dc=example,dc=com",
                scope=2,
                deref=0,
                filter=slot("filter"),
                attr="uid mail cn memberOf",  # one text, no list
                number_of_results=slot("results"),
                operation_number=slot("operation_number"),
                error_message="",
            ),
        ),
        digits=0,
        choices={
            **_TLS,
            "filter": ("(uid=*)", "(&(objectClass=person)(memberOf=cn=All staff))", "(mail=*)"),
            "results": (0, 1, 1, 8, 50),
        },
    ),
    # --- the agent
    Activity(
        "policy_result",
        "everybody",
        by_system("systems", "policy_result", system=slot("device"), success=True),
        digits=9,
    ),
    Activity(
        "command_result",
        "everybody",
        (
            *by_system("systems", "command_result", system=slot("device"), success=True),
            *by_system("systems", "command_result", system=slot("device"), success=False),
        ),
    ),
    Activity(
        "system_fde_key_update",
        "everybody",
        by_system(
            "systems",
            "system_fde_key_update",
            system=slot("device"),
            changes=[change("password")],  # a secret is named, never told
        ),
    ),
    Activity(
        "os_minor_upgrade",
        "everybody",
        by_system(
            "systems",
            "os_minor_upgrade",
            system=slot("device"),
            changes=[change("version", before="15.4", after="15.5")],
        ),
        digits=9,
    ),
    *(
        Activity(
            name,
            "admins",
            by_user("systems", name, actor="admin", system=slot("target_device"), success=True),
        )
        for name in ("remote_session_start", "remote_session_end")
    ),
    # --- mobile device management
    Activity(
        "mdm_command_result",
        "mac",
        (
            _mdm(
                "SecurityInfo",
                status="Acknowledged",
                error_chain=None,
                command={"request_type": "SecurityInfo"},
                security_info={
                    "management_status": {
                        "enrolled_via_dep": True,
                        "user_approved_enrollment": True,
                        "is_user_enrollment": False,
                        "is_activation_lock_manageable": True,
                    },
                    "secure_boot": {"secure_boot_level": "full"},
                },
            ),
            _mdm(
                "AvailableOSUpdates",
                status="Acknowledged",
                error_chain=[],
                command={"request_type": "AvailableOSUpdates"},
                available_os_updates=[_UPDATE],
            ),
            _mdm("InstalledApplicationList", status="Idle", command={}),
        ),
        digits=9,
    ),
    Activity(
        "mdm_command_result_error",
        "mac",
        (
            _mdm(
                "InstallProfile",
                status="Error",
                command={"request_type": "InstallProfile", "payload": "PHBsaXN0Lz4="},
                error_chain=[
                    {
                        "error_code": 12021,
                        "error_domain": "MCMDMErrorDomain",
                        "localized_description": "Unbekannter Befehl",
                        "us_english_description": "Unknown command",
                    }
                ],
            ),
        ),
        digits=9,
    ),
    Activity(
        "mdm_command_result_profiles",
        "mac",
        (
            _mdm(
                "ProfileList",
                status="Acknowledged",
                error_chain=None,
                command={"request_type": "ProfileList", "managed_apps_only": False},
                profile_list=[_profile(number) for number in range(1, 21)],
            ),
        ),
        digits=9,
    ),
    Activity(
        "device_enrollment",
        "windows",
        by_system(
            "mdm",
            "device_enrollment",
            mdm_type="windows",
            device_object_id=slot("device_id"),
            result="enrolled",
            success=True,
        ),
    ),
    # --- software and files
    Activity("software_status_update", "everybody", _software("software_status_update")),
    Activity("software_change", "everybody", _software("software_change", changed=True), digits=9),
    Activity("software_add", "everybody", _software("software_add"), digits=9),
    Activity("software_remove", "everybody", _software("software_remove")),
    Activity("software_add_request", "everybody", _software("software_add_request")),
    Activity("object_storage_create", "admins", _stored("object_storage_create", "Success")),
    Activity(
        "object_storage_get_download_url_request",
        "everybody",
        _stored(
            "object_storage_get_download_url_request",
            "Success",
            system_object_id=slot("device_id"),
            total_software_item_count=3,
            total_space_used=144_703_488,
        ),
    ),
)
