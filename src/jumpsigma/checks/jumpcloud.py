"""Rules for Directory Insights against what is known of its events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from jumpsigma.checks.edits import rewritten
from jumpsigma.checks.model import Edit, Hit, rule_check
from jumpsigma.checks.view import Item, RuleView
from jumpsigma.diagnostics import Severity
from jumpsigma.intake.schema import Schema
from jumpsigma.pack.positions import KeyPath

_PRODUCT: Final = "jumpcloud"
_VIRTUAL: Final = re.compile(r"\[[^\[\]]*\]")
_AGENTS: Final = ("useragent", "user_agent")
_EQUAL: Final[frozenset[str]] = frozenset({"cased", "all"})


def _equals(item: Item, field: str) -> list[tuple[KeyPath, str]]:
    """The texts that a field is compared with as a whole, without wildcards."""
    if item.field != field or not set(item.modifiers) <= _EQUAL:
        return []
    return [(path, text) for path, text in item.texts if "*" not in text and "?" not in text]


def _stated(rule: RuleView) -> str | None:
    """The service of the log source; pySigma lets other things than text pass there."""
    service = rule.loaded.logsource.service
    return service if isinstance(service, str) else None


def _services(rule: RuleView) -> set[str]:
    """The services whose events the rule is about; empty when it does not say."""
    schema = rule.pack.schema
    stated = _stated(rule)
    if stated is not None:
        service = schema.service(stated)
        return {service.name} if service is not None else set()
    named = [text for item in rule.items for _, text in _equals(item, "service")]
    if named:
        return {found.name for text in named if (found := schema.service(text)) is not None}
    found_services: set[str] = set()
    for item in rule.items:
        for _, text in _equals(item, "event_type"):
            event_type = schema.event_type(text)
            if event_type is None or not event_type.services:
                return set()
            found_services.update(event_type.services)
    return found_services


@rule_check("JS181", "unknown-service", Severity.WARNING)
def unknown_service(rule: RuleView) -> Iterator[Hit]:
    """A service that Directory Insights is not known to have.

    Bad::

        logsource:
            product: jumpcloud
            service: directroy
        detection:
            selection:
                event_type: user_delete
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: user_delete
            condition: selection
    """
    if not rule.is_product(_PRODUCT):
        return
    stated = _stated(rule)
    named: list[tuple[KeyPath, str]] = []
    if stated is not None:
        named.append((("logsource", "service"), stated))
    named += [pair for item in rule.items for pair in _equals(item, "service")]
    schema = rule.pack.schema
    for path, name in named:
        if schema.service(name.lower()) is None:
            near = schema.nearest_service(name)
            service = schema.service(near) if near is not None else None
            hint = _did_you_mean(near, service.aliases if service is not None else ())
            edits = rewritten(rule, path, near) if near is not None else ()
            message = f"no service of Directory Insights is known as {name!r}"
            yield Hit(message, path, hint=hint, edits=edits)


def _did_you_mean(near: str | None, aliases: tuple[str, ...]) -> str | None:
    if near is None:
        return None
    also = f" (also: {', '.join(aliases)})" if aliases else ""
    return f"did you mean {near!r}{also}?"


@rule_check("JS182", "unknown-event-type", Severity.WARNING)
def unknown_event_type(rule: RuleView) -> Iterator[Hit]:
    """An event type that nobody has described or seen.

    The catalogue is incomplete, so that the rule may be right; usually it is a slip.

    Bad::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: user_lockuot
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: user_lockout
            condition: selection
    """
    schema = rule.pack.schema
    for path, name in _event_types(rule):
        if schema.event_type(name.lower()) is None:
            near = schema.nearest_event_type(name)
            hint = _did_you_mean(near, schema.aliases.get(near, ()) if near is not None else ())
            edits = rewritten(rule, path, near) if near is not None else ()
            yield Hit(f"no event type is known as {name!r}", path, hint=hint, edits=edits)


def _event_types(rule: RuleView) -> Iterator[tuple[KeyPath, str]]:
    if rule.is_product(_PRODUCT):
        for item in rule.items:
            yield from _equals(item, "event_type")


@rule_check("JS183", "other-spelling", Severity.INFO)
def other_spelling(rule: RuleView) -> Iterator[Hit]:
    """An event type under a name that events do not carry.

    The vendor's documents use several names for some types. The mapping of jumpcloud looks for all
    of them, a query written elsewhere does not.

    Bad::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_search
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_srch
            condition: selection
    """
    groups = rule.pack.schema.alias_groups
    sent = {name: group.sent for group in groups if group.sent for name in group.names}
    written = {name.lower() for _, name in _event_types(rule)}
    for path, name in _event_types(rule):
        usual = sent.get(name.lower(), name.lower())
        if usual != name.lower() and usual not in written:
            edits = rewritten(rule, path, usual)
            yield Hit(f"events carry {usual!r}", path, hint=f"write {usual}", edits=edits)


@rule_check("JS184", "field-not-carried", Severity.WARNING)
def field_not_carried(rule: RuleView) -> Iterator[Hit]:
    """A field that the events of the rule's service do not have.

    The rule waits for something that does not come; under `not` the test always holds.

    Bad::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_bind
                sso_url|contains: example
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_bind
                dn|contains: example
            condition: selection
    """
    if not rule.is_product(_PRODUCT):
        return
    schema = rule.pack.schema
    services = _services(rule)
    told: set[str] = set()
    for item in rule.items:
        field = item.field
        if field is None or field in told or _agent_swapped(field, services, schema):
            continue
        if field == "success" and "sso" in services:
            continue  # JS185 names the field that they have
        if _carried(field, services, schema):
            continue
        told.add(field)
        who = f"events of {', '.join(sorted(services))}" if services else "events"
        others = [name for name in schema.services if _carried(field, {name}, schema)]
        hint = f"it is a field of {', '.join(others[:4])}" if services and others else None
        yield Hit(f"{who} have no field {field!r}", item.path, key=True, hint=hint)


def _carried(field: str, services: set[str], schema: Schema) -> bool:
    """Whether one of the services may have the field; so it may where little is known of one."""
    names = services or set(schema.services)
    if services and any(not schema.services[name].fields_known for name in names):
        return True
    return any(_has(field, name, schema) for name in names)


def _has(field: str, service: str, schema: Schema) -> bool:
    path, whole = _VIRTUAL.sub("", field), True
    while path:
        known = schema.field(path, service)
        if whole and (known is not None or schema.is_object(path, service)):
            return True
        if known is not None:  # something below a field of which no more is known
            return known.type in ("any", "object") and not schema.is_object(path, service)
        if schema.is_object(path, service):
            return False
        path, whole = path.rpartition(".")[0], False
    return False


@rule_check("JS185", "success-of-sso", Severity.WARNING)
def success_of_sso(rule: RuleView) -> Iterator[Hit]:
    """`success` is asked of events that have `sso_token_success` instead.

    Sign-ins to applications carry no `success`, so that neither true nor false ever matches.

    Bad::

        logsource:
            product: jumpcloud
            service: sso
        detection:
            selection:
                event_type: sso_auth
                success: false
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: sso
        detection:
            selection:
                event_type: sso_auth
                sso_token_success: false
            condition: selection
    """
    if not rule.is_product(_PRODUCT) or any(i.field == "sso_token_success" for i in rule.items):
        return
    if "sso" not in _services(rule):
        return
    for item in rule.items:
        if item.field == "success":
            hint = "use sso_token_success"
            yield Hit("events of sso have no 'success'", item.path, key=True, hint=hint)


@rule_check("JS186", "changes-apart", Severity.WARNING)
def changes_apart(rule: RuleView) -> Iterator[Hit]:
    """The name of a change and its values are asked for apart.

    `changes` is a list: any element may have the field, and any other one the value.
    `changes[NAME].to` asks for both of the same element.

    Bad::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: admin_update
                changes.field: enableMultiFactor
                changes.to: false
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: admin_update
                changes[enableMultiFactor].to: false
            condition: selection
    """
    if not rule.is_product(_PRODUCT):
        return
    named: dict[KeyPath, Item] = {
        item.path[:-1]: item for item in rule.items if item.field == "changes.field"
    }
    for item in rule.items:
        if item.field in ("changes.to", "changes.from"):
            other = named.get(item.path[:-1])
            if other is not None:
                names = [text for _, text in other.texts] or ["NAME"]
                hint = f"write changes[{names[0]}].{item.field.rpartition('.')[2]}"
                message = f"{item.field} may be that of another change than changes.field"
                yield Hit(message, item.path, key=True, hint=hint)


@rule_check("JS187", "useragent-spelling", Severity.WARNING)
def useragent_spelling(rule: RuleView) -> Iterator[Hit]:
    """`useragent` where the service writes `user_agent`, or the other way round.

    Bad::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: admin_login_attempt
                user_agent.name: curl
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: admin_login_attempt
                useragent.name: curl
            condition: selection
    """
    if not rule.is_product(_PRODUCT):
        return
    services = _services(rule)
    for item in rule.items:
        right = _agent_swapped(item.field or "", services, rule.pack.schema)
        if right is not None and item.key is not None and item.field is not None:
            span = rule.span(item.path, key=True)
            written = rule.file.slice(span)
            edits = (Edit(span, written.replace(item.field, right, 1)),)
            message = f"events of {', '.join(sorted(services))} call it {right!r}"
            yield Hit(message, item.path, key=True, edits=edits)


def _agent_swapped(field: str, services: set[str], schema: Schema) -> str | None:
    """The other spelling of a field of the user agent, when only that one is carried."""
    first, dot, rest = field.partition(".")
    if first not in _AGENTS or not services or _carried(field, services, schema):
        return None
    other = _AGENTS[1 - _AGENTS.index(first)] + dot + rest
    return other if _carried(other, services, schema) else None


@rule_check("JS188", "event-type-of-another-service", Severity.WARNING)
def event_type_of_another_service(rule: RuleView) -> Iterator[Hit]:
    """An event type that another service sends.

    Bad::

        logsource:
            product: jumpcloud
            service: directory
        detection:
            selection:
                event_type: ldap_bind
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_bind
            condition: selection
    """
    stated = _stated(rule)
    service = rule.pack.schema.service(stated) if stated is not None else None
    if service is None:
        return
    for path, name in _event_types(rule):
        event_type = rule.pack.schema.event_type(name.lower())
        if event_type is not None and event_type.services:
            if service.name in event_type.services:
                continue
            senders = ", ".join(event_type.services)
            hint = f"state service: {event_type.services[0]}"
            yield Hit(f"{name} comes from {senders}, not from {service.name}", path, hint=hint)


@rule_check("JS189", "outside-domain", Severity.WARNING)
def outside_domain(rule: RuleView) -> Iterator[Hit]:
    """A value that the field never has.

    Bad::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_bind
                auth_method: password
            condition: selection

    Good::

        logsource:
            product: jumpcloud
            service: ldap
        detection:
            selection:
                event_type: ldap_bind
                auth_method: simple
            condition: selection
    """
    if not rule.is_product(_PRODUCT):
        return
    services = _services(rule)
    if len(services) != 1:
        return
    service = next(iter(services))
    for item in rule.items:
        if item.field is None or not set(item.modifiers) <= _EQUAL or "[" in item.field:
            continue
        field = rule.pack.schema.field(item.field, service)
        if field is None or field.domain.kind != "closed":
            continue
        for path, value in item.values:
            if not isinstance(value, (str, int, float)) or "*" in str(value) or "?" in str(value):
                continue
            if not field.domain.accepts(value):
                known = ", ".join(map(str, field.domain.values))
                yield Hit(f"{item.field} is never {value!r}", path, hint=f"it is one of {known}")
