"""What administrators and integrations do: accounts, policies, commands, settings, reports."""

from __future__ import annotations

from typing import Any

from jumpsigma.synth.activities import (
    Activity,
    Body,
    by_admin,
    by_system,
    by_user,
    change,
    envelope,
    origin,
)
from jumpsigma.synth.company import ORGANIZATION, object_id
from jumpsigma.synth.templates import slot


def named(kind: str, *names: str) -> tuple[Body, ...]:
    """Objects of the directory, by their names."""
    return tuple({"id": object_id(kind, name), "type": kind, "name": name} for name in names)


COMMANDS = named("command", "Install updates", "Collect logs", "Rotate local password", "Inventory")
POLICIES = named("policy", "Screen lock", "Disk encryption", "USB storage", "Firewall", "Updates")
GROUPS = named("user_group", "All staff", "Engineering", "Contractors", "Finance")
IP_LISTS = named("ip_list", "Offices", "VPN")
CONDITIONAL = named("authn_policy", "Managed devices only", "Require MFA abroad")
SSO_APPS = named("application", "slack", "figma", "notion")


def _admin(
    name: str, resource: object, *changes: object, options: tuple[object, ...] = (), **more: Any
) -> Activity:
    """A change of an object that an administrator makes, under the name of its event type."""
    changed = {"changes": list(changes)} if changes else {}
    return Activity(
        name,
        "admins",
        by_admin(name, resource=resource, **changed, **more),
        choices={"object": options} if options else {},
    )


def _admin_sign_in(*, success: bool, mfa: bool, **more: Any) -> tuple[Body, ...]:
    return (
        {
            **envelope("directory", "admin_login_attempt"),
            **origin(),
            "initiated_by": slot("admin"),
            "useragent": slot("useragent"),
            "provider": None,
            "success": success,
            "mfa": mfa,
            **more,
        },
    )


def _portal(service: str, event_type: str, **more: Any) -> Activity:
    """What an administrator does with a service other than the directory."""
    return Activity(event_type, "admins", by_user(service, event_type, actor="admin", **more))


_OBJECT = slot("object")
_USER = slot("target_user")
_ORGANIZATION = {"id": ORGANIZATION, "type": "organization"}
_WORK_ADDRESS = {"type": "work", "locality": "Paris", "country": "FR", "poBox": None}
_SCIM = {
    **envelope("directory", "user_update"),
    **origin(),
    "initiated_by": {
        "id": object_id("integration", "hr"),
        "type": "admin",
        "email": "hr-sync@example.com",
        "source": "scim",
    },
    "auth_method": "api key",
    "useragent": slot("curl"),
    "resource": slot("target_systemuser"),
    "correlation": {},
    "message_chain": {},
    "provider": "",
}

ROWS = (
    # --- signing in
    Activity(
        "admin_login_attempt",
        "admins",
        _admin_sign_in(
            success=True,
            mfa=True,
            mfa_meta={"type": "totp"},
            target_resource={"type": "admin_portal"},
        ),
    ),
    Activity(
        "admin_login_attempt_failed",
        "admins",
        _admin_sign_in(
            success=False, mfa=False, mfa_meta={"type": ""}, error_message="authentication failed"
        ),
    ),
    Activity(
        "admin_login_attempt_no_mfa",
        "admins",
        _admin_sign_in(success=True, mfa=False, mfa_meta={"type": "none"}),
    ),
    Activity(
        "admin_lockout",
        "admins",
        by_user(
            "directory",
            "admin_lockout",
            actor="admin",
            resource=slot("self_admin"),
            success=True,
            provider=None,
        ),
    ),
    # --- administrators and their keys
    _admin("admin_create", slot("target_admin"), change("email", after=slot("target_email"))),
    _admin(
        "admin_update",
        slot("target_admin"),
        change("enableWhatsNew", before=True, after=False),
        change("roleName", before="Help Desk", after="Manager"),
    ),
    Activity(
        "admin_update_api_key",
        "admins",
        by_admin(
            "admin_update",
            resource=slot("self_admin"),
            changes=[
                change("apiKeyUpdatedAt", before="2025-01-20T09:00:00.000Z", after=slot("now")),
                change("apiKeyHash", before={}, after={"prefix": "jca_", "rounds": 12}),
            ],
        )[:1],
    ),
    _admin("admin_totp_disable", slot("self_admin"), success=True),
    # --- users
    _admin(
        "user_create",
        _USER,
        change("state", after="STAGED"),
        change("attributes", after=[{"name": "costCentre", "value": "1200"}]),
        change("addresses", after=[_WORK_ADDRESS]),
        change("externalId", after=None),
        change("mfa.exclusion", after=False),
        message_chain={},
        correlation={},
    ),
    Activity(
        "user_update",
        "admins",
        (
            *by_admin(
                "user_update",
                resource=_USER,
                changes=[
                    change("addresses", before=[], after=[_WORK_ADDRESS]),
                    change("location", before="", after="Paris"),
                ],
            ),
            # Many changes of the directory carry no `success`.
            *by_admin(
                "user_update",
                resource=_USER,
                changes=[change("maxSystemUsers", before=2, after=3)],
                correlation={},
            ),
        ),
    ),
    Activity(
        "user_update_scim",
        "admins",
        (
            {**_SCIM, "changes": [change("active", before=False, after=True)]},
            {
                **_SCIM,
                "changes": [
                    change("company", before=None, after="Example"),
                    change("schemas", after={"urn:ietf:params:scim:schemas:core:2.0:User": True}),
                ],
            },
        ),
        digits=9,
    ),
    Activity(
        "user_update_mfa_off",
        "admins",
        by_admin(
            "user_update",
            resource=_USER,
            changes=[
                change("totp_enabled", before=True, after=False),
                change("enable_user_portal_multifactor", before=True, after=False),
            ],
            success=True,
        )[:1],
    ),
    _admin("user_delete", _USER),
    _admin(
        "user_suspended",
        _USER,
        change("suspended", before=False, after=True),
        change("state", before="ACTIVATED", after="SUSPENDED"),
        success=True,
    ),
    _admin(
        "user_unsuspended",
        _USER,
        change("suspended", before=True, after=False),
        change("state", before="SUSPENDED", after="ACTIVATED"),
        success=True,
    ),
    _admin("user_unlocked", _USER, success=True),
    _admin("user_activated", _USER, change("activated", before=False, after=True)),
    _admin("user_admin_granted", _USER, success=True),
    _admin("user_admin_revoked", _USER, success=True),
    Activity(
        "user_activation_email",
        "everybody",
        by_system("directory", "user_activation_email", resource=slot("self_mailed"), success=True),
    ),
    Activity(
        "user_password_warning_email",
        "everybody",
        by_system("directory", "user_password_warning_email", resource=slot("self_mailed")),
        digits=9,
    ),
    Activity(
        "user_password_expired",
        "everybody",
        by_system("directory", "user_password_expired", resource=slot("self_user")),
    ),
    Activity(
        "user_update_provision",
        "everybody",
        by_system(
            "directory",
            "user_update_provision",
            resource=slot("self_user"),
            application={"id": object_id("application", "slack"), "name": "slack"},
            message_chain={
                "response_code": "200",
                "response_message": "OK",
                "message_details": "",
            },
            correlation={"id": object_id("job", "provision"), "type": "user_update"},
            success=True,
        ),
    ),
    # --- groups, devices, bonds
    Activity(
        "association_change",
        "admins",
        by_admin(
            "association_change",
            association={
                "op": slot("op"),
                "action_source": "manual",
                "attributes": slot("sudo"),
                "connection": {"from": slot("target_device_end"), "to": slot("target_user_end")},
            },
        ),
        choices={
            "op": ("add", "add", "remove"),
            "sudo": (None, None, {"sudo": {"enabled": True, "withoutPassword": False}}),
        },
    ),
    _admin("group_create", _OBJECT, change("name", after="New group"), options=GROUPS),
    _admin(
        "group_update", _OBJECT, change("description", before="", after="Reviewed"), options=GROUPS
    ),
    Activity(
        "system_create",
        "everybody",
        by_system("directory", "system_create", resource=slot("device_resource"), success=True),
    ),
    _admin(
        "system_update",
        slot("target_device_resource"),
        change("displayName", before="new device", after=slot("target_username")),
    ),
    _admin("system_delete", slot("target_device_resource"), success=True),
    # --- commands
    _admin("command_create", _OBJECT, change("name", after="Inventory"), options=COMMANDS),
    _admin(
        "command_update",
        _OBJECT,
        change("timeout", before="120", after="300"),
        change("launchType", before="manual", after="repeated"),
        options=COMMANDS,
    ),
    _admin("command_run", _OBJECT, options=COMMANDS, success=True),
    _admin("command_delete", _OBJECT, options=COMMANDS, success=True),
    _admin("commandresult_delete", _OBJECT, options=COMMANDS),
    _admin("file_create", _OBJECT, options=named("file", "settings.json", "agent.pkg")),
    # --- policies
    _admin("policy_create", _OBJECT, change("name", after="Updates"), options=POLICIES),
    _admin(
        "policy_update",
        _OBJECT,
        change("values", before=[{"timeout": 300}], after=[{"timeout": 600}]),
        options=POLICIES,
    ),
    _admin("policy_delete", _OBJECT, options=POLICIES, success=True),
    _admin("authnpolicy_create", _OBJECT, change("disabled", after=False), options=CONDITIONAL),
    _admin(
        "authpolicy_update",
        _OBJECT,
        change("conditions", before={}, after={"ipAddressIn": [object_id("ip_list", "VPN")]}),
        options=CONDITIONAL,
    ),
    _admin("authnpolicy_delete", _OBJECT, options=CONDITIONAL, success=True),
    _admin("iplist_create", _OBJECT, change("ips", after=["192.0.2.10"]), options=IP_LISTS),
    _admin(
        "iplist_update",
        _OBJECT,
        change("ips", before=["192.0.2.10"], after=["192.0.2.10", "192.0.2.50"]),
        options=IP_LISTS,
    ),
    _admin("iplist_delete", _OBJECT, options=IP_LISTS, success=True),
    # --- settings; names of changes with dots in them
    _admin(
        "organization_update",
        _ORGANIZATION,
        change("settings.passwordPolicy", before={"minLength": 10}, after={"minLength": 12}),
        change("settings.name", before="Example", after="Example Ltd"),
        change("maxSystemUsers", before=100, after=150),
        change("logoUrl", before=None, after=""),
    ),
    _admin("application_create", _OBJECT, change("active", after=True), options=SSO_APPS),
    _admin(
        "application_update",
        _OBJECT,
        change("displayLabel", before="App", after="App (SSO)"),
        options=SSO_APPS,
    ),
    # --- other services
    Activity(
        "alert_created",
        "everybody",
        tuple(
            # The specification has both spellings of the service.
            by_system(
                service,
                "alert_created",
                category="System",
                severity=slot("severity"),
                correlation={"id": object_id("alert rule", "agent")},
                resource={
                    "id": slot("id"),
                    "context": '{"lastContact":"2d"}',
                    "source_id": slot("device_id"),
                    "source_type": "device",
                    "reference_id": slot("device_id"),
                },
                success=True,
            )[0]
            for service in ("alerts", "alert")
        ),
        choices={"severity": ("Low", "Medium", "High")},
    ),
    _portal(
        "alerts",
        "alert_status_updated",
        category="System",
        severity="Medium",
        changes=[change("Status", before="open", after="acknowledged"), change("Remark", after="")],
        success=True,
    ),
    _portal(
        "alerts", "rule_modified", changes=[change("Name", before="Agent", after="Agent offline")]
    ),
    _portal("alerts", "bulk_update_alerts", success=True),
    Activity(
        "slack_notification_sent",
        "everybody",
        by_system(
            "notifications",
            "slack_notification_sent",
            name="On-call",
            type="slack",
            channel_object_id=object_id("channel", "on-call"),
            success=True,
        ),
    ),
    _portal(
        "notifications",
        "notification_channel_updated",
        name="On-call",
        type="email",
        description="Mails the people on call",
        channel_object_id=object_id("channel", "mail"),
        config=slot("channel_people"),
        success=True,
    ),
    *(
        _portal(
            "reports",
            name,
            resource={
                "id": object_id("report", "devices"),
                "name": "Users and devices",
                "description": "",
                "resources": ["users", "systems"],
                "search_request": {},
                "configuration": {},
            },
            user_agent=slot("user_agent"),
            auth_method="session",
            provider=None,
        )
        for name in ("report_run", "report_export")
    ),
    Activity(
        "scheduled_report_run_success",
        "admins",
        by_system(
            "reports",
            "scheduled_report_run_success",
            initiated_by=slot("admin"),
            resource={"id": object_id("report", "weekly"), "name": "Weekly"},
        ),
    ),
    _portal(
        "asset_management",
        "asset_management_asset_update",
        resource={"id": object_id("asset"), "type": "DEVICE"},
        detail="Asset changed",
        changes=[change("status", before="In stock", after="In use")],
    ),
    _portal(
        "asset_management",
        "asset_management_asset_create",
        resource={"id": object_id("asset"), "type": "DEVICE"},
        detail="Asset created",
    ),
    # The specification calls it saas_management_event_application_review.
    _portal(
        "saas_app_management",
        "saas_management_application_review",
        resource={"application_id": "canva", "application_name": "Canva"},
        changes=[change("status", before="UNAPPROVED", after="APPROVED")],
    ),
    *(
        Activity(
            name,
            "everybody",
            by_system(
                "saas_app_management",
                name,
                username=slot("username"),
                resource={"application_id": "trello", "application_name": "Trello"},
            ),
        )
        for name in ("saas_management_application_discover", "saas_management_account_discover")
    ),
    _portal("workflows", "workflow_update", resource={"id": object_id("automation", "leavers")}),
    Activity(
        "workflow_run",
        "admins",
        by_system(
            "workflows",
            "workflow_run",
            initiated_by={"id": object_id("automation", "leavers")},
            resource={
                "id": slot("id"),
                "status": "completed",
                "meta_data": {"trigger_source": "event"},
            },
        ),
    ),
)
