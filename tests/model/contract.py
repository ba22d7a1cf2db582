"""The small fixed parts of the contract: error codes, what makes an item bad, how a selection is hashed."""

import hashlib
import json
from datetime import datetime, timezone

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
OMITTED = object()                                              # a key that an item does not have
STRENGTH = {"unchanged": 0, "updated": 1, "inserted": 2}        # an item counts once, as its strongest
BASELINES = ("latest", "latest_clean")

ERROR_CODES = {
    "auth_failed", "forbidden", "not_found", "throttled", "service_unavailable", "timeout", "network",
    "parse_error", "upstream_error", "item_rejected", "short_of_expected", "shrink_guard", "nothing_observed",
    "lease_expired", "unexpected",
}
SQLSTATES = {"22023", "22004", "42501", "P0002", "55000", "0A000", "54001", "23505"}      # section 7
# What error_code_for() makes of the statuses that the histories use; its own tests know the others.
ERROR_CODE_OF_STATUS = {None: "unexpected", 401: "auth_failed", 403: "forbidden", 404: "not_found", 429: "throttled",
                        500: "upstream_error", 503: "service_unavailable"}


class Disagreement(AssertionError):
    """Model and database differ."""


class Refused(Exception):
    """The call fails with this SQLSTATE and changes nothing."""

    def __init__(self, sqlstate):
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def item_defect(raw):
    """The field that makes an element of a batch a bad item, or None."""
    if not isinstance(raw, dict):
        return "item"
    for name, limit in (("policy_type", 200), ("external_id", 2048)):
        if not key_is_good(raw.get(name), limit):
            return name
    if set(raw) - {"policy_type", "external_id", "display_name", "meta"}:
        return "unknown field"
    name, meta = raw.get("display_name"), raw.get("meta")
    if name is not None and (not isinstance(name, str) or "\0" in name):
        return "display_name"
    if meta is not None and (not isinstance(meta, dict) or "\\u0000" in json.dumps(meta)):
        return "meta"
    return None


def key_is_good(value, limit):
    return isinstance(value, str) and value != "" and "\0" not in value and len(value.encode()) <= limit


def readable_policy_type(raw):
    """The policy_type that a bad item is counted under, None where it cannot be read."""
    value = raw.get("policy_type") if isinstance(raw, dict) else None
    return value if key_is_good(value, 200) else None


def canonical(value):
    """A JSON value with every array sorted; the histories use plain ASCII, where JCS is json.dumps."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted((canonical(element) for element in value), key=canonical_json)
    return value


def canonical_json(value):
    return json.dumps(canonical(value), separators=(",", ":"))


def selection_hash(selection):
    return hashlib.sha256(canonical_json(selection).encode()).hexdigest()


def shown_time(moment):
    """As jsonb shows a timestamptz to a session in UTC; the histories use whole seconds."""
    return None if moment is None else moment.isoformat()
