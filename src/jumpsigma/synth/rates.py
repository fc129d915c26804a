"""How often things happen in a quiet company.

One table, in events per 1000 people and week. A rate of 0 never happens by itself: only an attack
brings it. No source counts events per person, so that every number is assumed; the comments say
from what. Known from an audit of one live tenant (github.com/TheJumpCloud/jc-cli, 30 days) is only
which event types really come, and that software and LDAP are loud: software_status_update 678,
ldap_srch 240, policy_result 84, command_result 10.
"""

from __future__ import annotations

from typing import Literal

#: When it happens: in the working hours of the one who does it, or around the clock.
When = Literal["work", "always"]

WORK_RATES: dict[str, int] = {
    # Daily work of a person: about six apps and as many joins of the Wi-Fi a working day.
    "sso_auth": 28_000,
    "sso_auth_denied": 300,
    "sso_auth_unreachable": 30,
    "radius_auth_attempt": 28_000,
    "radius_auth_attempt_failed": 700,  # an old password in a phone
    "user_login_attempt": 6_000,  # a bit more than one a working day
    "user_login_attempt_failed": 400,  # one in fifteen is mistyped
    "login_attempt_windows": 4_000,  # two a working day, of the 40 % with Windows
    "login_attempt_mac": 4_500,
    "login_attempt_ssh": 2_000,
    "login_attempt_failed": 500,
    "passwordmanager_item_autofill": 3_000,
    "passwordmanager_app_unlock": 2_000,
    "passwordmanager_item_copy": 300,
    "passwordmanager_item_reveal": 60,
    "passwordmanager_item_add": 60,
    "passwordvault_credential_autofill": 200,
    "saas_management_login_event": 1_500,
    "aigw_session_opened": 80,
    "aigw_session_activity": 200,
    "aigw_session_closed": 80,
    "access_management_access_request": 40,
    "access_management_access_request_approval": 36,
    # Self-service: a password lives a year, and 1 in 25 people needs help with it in a week.
    "user_password_change": 25,
    "user_password_reset_request": 40,
    "totp_start_enrollment": 8,
    "totp_finish_enrollment": 7,
    # Lock-outs: somebody mistyped until the end. Once in two years for a person.
    "user_lockout": 8,
    "user_lockout_device": 12,
    "admin_lockout": 1,
    # Administrators, 50 of 1000 people. They sign in most days.
    "admin_login_attempt": 240,
    "admin_login_attempt_failed": 15,
    # Joiners, movers, leavers: a fifth of the staff changes in a year.
    "user_create": 4,
    "user_update": 60,
    "user_update_scim": 60,
    "user_delete": 4,
    "user_suspended": 4,
    "user_unsuspended": 1,
    "user_unlocked": 7,
    "user_activation_email": 5,
    "user_activated": 4,
    "association_change": 120,
    "group_create": 2,
    "group_update": 6,
    "system_create": 8,
    "system_update": 40,
    "system_delete": 7,
    "user_admin_granted": 3,
    "user_admin_revoked": 2,
    "admin_create": 1,
    "admin_update": 4,
    "admin_update_api_key": 1,  # 50 keys, each replaced once a year
    # Device management: commands are daily work, policies change weekly.
    "command_create": 5,
    "command_update": 6,
    "command_run": 60,
    "command_delete": 3,
    "commandresult_delete": 2,
    "file_create": 2,
    "policy_create": 3,
    "policy_update": 12,
    "policy_delete": 1,
    "remote_session_start": 10,
    "remote_session_end": 10,
    "software_add_request": 6,
    # Who may sign in from where changes a few times a year.
    "authnpolicy_create": 1,
    "authpolicy_update": 1,
    "iplist_create": 1,
    "iplist_update": 1,
    "organization_update": 2,
    "application_create": 2,
    "application_update": 5,
    "rule_modified": 1,
    "bulk_update_alerts": 4,
    "alert_status_updated": 60,
    "notification_channel_updated": 6,
    "report_run": 20,
    "report_export": 10,
    "asset_management_asset_update": 40,
    "asset_management_asset_create": 8,
    "saas_management_application_review": 10,
    "object_storage_create": 4,
    "genai_ai_assistant_chat_created": 20,
    "genai_ai_assistant_chat_message_sent": 60,
    "workflow_update": 2,
}

ALWAYS_RATES: dict[str, int] = {
    # What devices, directory clients and jobs do by themselves.
    "ldap_bind": 8_000,
    "ldap_bind_failed": 80,
    "ldap_srch": 16_000,
    "policy_result": 3_000,
    "command_result": 300,
    "software_status_update": 6_000,
    "software_change": 2_500,
    "software_add": 800,
    "software_remove": 400,
    "mdm_command_result": 3_000,
    "mdm_command_result_error": 60,
    "mdm_command_result_profiles": 30,  # the largest events there are, above 75 kB
    "device_enrollment": 6,
    "system_fde_key_update": 30,
    "os_minor_upgrade": 100,
    "user_password_warning_email": 80,
    "user_password_expired": 10,
    "user_update_provision": 60,
    "passwordmanager_backup_create": 20,
    "alert_created": 120,
    "slack_notification_sent": 60,
    "object_storage_get_download_url_request": 60,
    "saas_management_application_discover": 40,
    "saas_management_account_discover": 60,
    "access_management_association_change": 30,
    "scheduled_report_run_success": 40,
    "workflow_run": 80,
    "cert_issued_self_service": 30,
    "risk_event_created": 30,
}

ATTACK_ONLY = (
    "admin_login_attempt_no_mfa",
    "user_login_attempt_no_mfa",
    "admin_totp_disable",
    "user_update_mfa_off",
    "authnpolicy_delete",
    "iplist_delete",
    "passwordmanager_items_export",
    "passwordvault_credential_export",
)
"""What a quiet company does not do."""


def rate_table() -> dict[str, tuple[int, When]]:
    """Every activity with its rate, in events per 1000 people and week, and when it happens."""
    return {
        **{name: (rate, "work") for name, rate in WORK_RATES.items()},
        **{name: (rate, "always") for name, rate in ALWAYS_RATES.items()},
        **dict.fromkeys(ATTACK_ONLY, (0, "work")),
    }
