"""What users do: sign in, use applications and the password manager, ask for things."""

from __future__ import annotations

from typing import Any

from jumpsigma.synth.activities import Activity, Body, by_system, by_user, change, envelope, origin
from jumpsigma.synth.company import object_id
from jumpsigma.synth.templates import slot

_ALLOWED = [
    {
        "id": "",
        "name": "Global Policy",
        "metadata": {"action": "ALLOW", "resource_type": "APPLICATION"},
    }
]
_DENIED = [
    {
        "id": object_id("policy", "managed devices"),
        "name": "Managed devices only",
        "metadata": {"action": "DENY", "resource_type": "APPLICATION"},
    }
]
_NOWHERE = {
    "id": "",
    "name": "",
    "display_label": "",
    "sso_type": "saml",
    "sso_url": "https://sso.example.com/saml2/retired",
}
_UNASKED = [{"metadata": {}, "name": "", "id": ""}]


def _sign_in(*, success: bool, mfa: bool, factors: Body, **more: Any) -> Body:
    return {
        **envelope("directory", "user_login_attempt"),
        **origin(),
        "initiated_by": slot("user"),
        "useragent": slot("useragent"),
        "provider": None,
        "success": success,
        "mfa": mfa,
        "auth_context": {"auth_methods": factors},
        **more,
    }


def _sso(*, success: bool, application: object, error: str, policies: object) -> tuple[Body, ...]:
    # sso has no `success`.
    common = {
        **envelope("sso", "sso_auth"),
        **origin(),
        "initiated_by": slot("user"),
        "useragent": slot("useragent"),
        "application": application,
        "idp_initiated": slot("idp_initiated"),
        "sso_token_success": success,
        "error_message": error,
        "mfa": slot("mfa"),
    }
    context: Body = {"auth_methods": {}, "policies_applied": policies}
    managed = {**common, "auth_context": {**context, "system": slot("device_seen")}}
    return (
        {**managed, "provider": ""},
        {**managed, "provider": None},
        {**common, "provider": "", "auth_context": context},
    )


def _radius(*, success: bool, **more: Any) -> tuple[Body, ...]:
    # The specification calls it radius_auth. The real ones have no initiated_by.id.
    common = {
        **envelope("radius", "radius_auth_attempt", event_id="uuid_upper"),
        **origin(),
        "initiated_by": slot("user_unnamed"),
        "username": slot("username"),
        "auth_type": slot("auth_type"),
        "nas_mfa_state": slot("nas_mfa_state"),
        "auth_meta": {
            "auth_idp": "JUMPCLOUD",
            "userid_type": "USERNAME",
            "user_password_enabled": True,
            "user_cert_enabled": False,
            "device_cert_enabled": False,
        },
        "success": success,
        "mfa": False,
        **more,
    }
    return (common, {**common, "mfa_meta": {"type": "none"}})


_RADIUS_CHOICES: dict[str, tuple[object, ...]] = {
    "auth_type": ("eap", "eap", "EAP"),  # its case varies
    "nas_mfa_state": ("DISABLED", "DISABLED", ""),
}


def _secrets(event_type: str, **more: Any) -> tuple[Body, ...]:
    # `user_agent` here, `useragent` elsewhere.
    return by_user(
        "password_manager",
        event_type,
        actor="user_by_email",
        user_agent=slot("user_agent"),
        success=True,
        provider="",
        **more,
    )


_PASSWORD_AND_TOTP = {"password": {"success": True}, "totp": {"success": True}}
_PUSH = {"password": {"success": True}, "jumpcloud_protect": {"success": True}}

ROWS = (
    Activity(
        "user_login_attempt",
        "everybody",
        (
            _sign_in(success=True, mfa=True, mfa_meta={"type": "totp"}, factors=_PASSWORD_AND_TOTP),
            {
                **_sign_in(success=True, mfa=True, factors=_PUSH),
                "auth_context": {
                    "auth_methods": _PUSH,
                    "jumpcloud_protect_device": slot("phone"),
                    "system": slot("device_seen"),
                },
            },
            _sign_in(success=True, mfa=True, factors={"jumpcloud_go": {"success": True}}),
        ),
    ),
    Activity(
        "user_login_attempt_failed",
        "everybody",
        (
            _sign_in(
                success=False,
                mfa=False,
                factors={"password": {"success": False}},
                error_message="authentication failed",
            ),
        ),
    ),
    Activity(
        "user_login_attempt_no_mfa",
        "everybody",
        (_sign_in(success=True, mfa=False, factors={"password": {"success": True}}),),
    ),
    Activity(
        "user_lockout",
        "everybody",
        by_user(
            "directory", "user_lockout", resource=slot("self_user"), provider=None, success=True
        ),
    ),
    Activity(
        "user_password_change",
        "everybody",
        by_user(
            "directory",
            "user_password_change",
            resource=slot("self_user"),
            changes=[change("password_date", before="2025-01-20T09:00:00.000Z", after=slot("now"))],
            useragent=slot("useragent"),
            auth_method="session",
            provider=None,
            success=True,
            message_chain={},
            correlation={},
        ),
    ),
    Activity(
        "user_password_reset_request",
        "everybody",
        by_user(
            "directory", "user_password_reset_request", resource=slot("self_mailed"), provider=None
        ),
    ),
    Activity(
        "totp_start_enrollment",
        "everybody",
        by_user("directory", "totp_start_enrollment", resource=slot("self_user"), success=True),
    ),
    Activity(
        "totp_finish_enrollment",
        "everybody",
        by_user(
            "directory",
            "totp_finish_enrollment",
            resource=slot("self_user"),
            changes=[change("totp_enabled", before=False, after=True)],
            success=True,
        ),
    ),
    Activity(
        "sso_auth",
        "everybody",
        _sso(success=True, application=slot("application"), error="", policies=_ALLOWED),
        digits=9,
        choices={"idp_initiated": (False, False, True), "mfa": (False, False, True)},
    ),
    Activity(
        "sso_auth_denied",
        "everybody",
        _sso(
            success=False,
            application=slot("application"),
            error="not authorized",
            policies=_DENIED,
        ),
        digits=9,
        choices={"idp_initiated": (False, True), "mfa": (False,)},
    ),
    Activity(
        "sso_auth_unreachable",
        "everybody",
        _sso(
            success=False,
            application=_NOWHERE,
            error="application unreachable",
            policies=_UNASKED,
        ),
        digits=9,
        choices={"idp_initiated": (True,), "mfa": (False,)},
    ),
    Activity(
        "radius_auth_attempt",
        "everybody",
        _radius(success=True, eap_type="MSCHAPv2", outer=slot("outer"), error_message=None),
        digits=0,
        choices=_RADIUS_CHOICES,
    ),
    Activity(
        "radius_auth_attempt_failed",
        "everybody",
        _radius(
            success=False,
            eap_type="",
            outer=slot("outer_failed"),
            error_message="authentication failed",
        ),
        digits=0,
        choices=_RADIUS_CHOICES,
    ),
    Activity(
        "passwordmanager_item_autofill", "everybody", _secrets("passwordmanager_item_autofill")
    ),
    Activity("passwordmanager_app_unlock", "everybody", _secrets("passwordmanager_app_unlock")),
    Activity("passwordmanager_item_copy", "everybody", _secrets("passwordmanager_item_copy")),
    Activity("passwordmanager_item_reveal", "everybody", _secrets("passwordmanager_item_reveal")),
    Activity(
        "passwordmanager_item_add",
        "everybody",
        _secrets(
            "passwordmanager_item_add", changes=[change("folder name", after="Team passwords")]
        ),
    ),
    Activity(
        "passwordmanager_items_export",
        "everybody",
        _secrets("passwordmanager_items_export", error_message=""),
    ),
    Activity(
        "passwordmanager_backup_create", "everybody", _secrets("passwordmanager_backup_create")
    ),
    Activity(
        "passwordvault_credential_autofill",
        "everybody",
        _secrets("passwordvault_credential_autofill"),
    ),
    Activity(
        "passwordvault_credential_export",
        "everybody",
        _secrets("passwordvault_credential_export"),
    ),
    Activity(
        "saas_management_login_event",
        "everybody",
        by_user(
            "saas_app_management",
            "saas_management_login_event",
            username=slot("username"),
            resource=slot("saas_application"),
            detail="Sign-in captured by the browser extension",
        ),
        choices={
            "saas_application": tuple(
                {
                    "application_id": name,
                    "application_name": name.title(),
                    "application_category": category,
                }
                for name, category in (("trello", "Collaboration"), ("canva", "Design"))
            )
        },
    ),
    *(
        # No source describes the fields of aigw, genai and di_events beyond the envelope.
        Activity(name, "everybody", by_system(service, name))
        for service, name in (
            ("aigw", "aigw_session_opened"),
            ("aigw", "aigw_session_activity"),
            ("aigw", "aigw_session_closed"),
            ("genai", "genai_ai_assistant_chat_created"),
            ("genai", "genai_ai_assistant_chat_message_sent"),
            # No event type of di_events is known: two that no source ties to a service stand in.
            ("di_events", "cert_issued_self_service"),
            ("di_events", "risk_event_created"),
        )
    ),
    Activity(
        "access_management_access_request",
        "everybody",
        by_user(
            "access_management",
            "access_management_access_request",
            actor="user_by_email",
            access_request_id=object_id("access request"),
            resource=slot("requester"),
            workflow={
                "id": object_id("workflow", "database"),
                "name": "Database access",
                "type": "access-workflow",
                "desc": "Read access to the database",
            },
            user_agent=slot("user_agent"),
            changes=[change("access_request_state", after="requested")],
            success=True,
            error_message="",
        ),
    ),
    Activity(
        "access_management_access_request_approval",
        "admins",
        by_user(
            "access_management",
            "access_management_access_request_approval",
            actor="admin",
            access_request_id=object_id("access request"),
            resource=slot("target_requester"),
            user_agent=slot("user_agent"),
            changes=[change("access_request_state", before="requested", after="granted")],
            success=True,
        ),
    ),
    Activity(
        "access_management_association_change",
        "admins",
        by_user(
            "access_management",
            "access_management_association_change",
            actor="admin",
            access_request_id=object_id("access request"),
            association=slot("bound"),
            resource=slot("target_requester"),
            success=True,
        ),
    ),
)
