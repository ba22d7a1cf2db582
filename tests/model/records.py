"""What a tenant of the model consists of: its settings, items, runs and their errors."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contract import STRENGTH


@dataclass
class Settings:
    """What the test database is configured with."""
    lease: timedelta = timedelta(minutes=15)
    shrink_guard: float = 0.5
    shrink_guard_min_items: int = 20
    expected_tolerance: float = 0.0
    keeps_upstream_code: bool = True      # not before there is redact(): nothing unredacted is stored
    allowed_meta: dict = field(default_factory=dict)      # policy_type or '*' -> set of keys


@dataclass
class Item:
    number: int               # the model's own handle; a forgotten item that returns gets a new one
    policy_type: str
    external_id: str
    display_name: str | None
    meta: dict | None
    updated_at: datetime
    id_from: range            # the ids that its batch drew; order within a batch is not promised
    item_id: int | None = None    # learnt from the database, then fixed
    first_run: object = None      # the oldest of the forgotten runs that saw it: (number, started_at)


@dataclass
class Error:
    code: str
    recorded_at: datetime
    upstream_code: str | None = None
    http_status: int | None = None
    policy_type: str | None = None
    by_caller: bool = False       # record_error; else the extension itself has added it


@dataclass
class Run:
    name: str
    number: int               # orders the starts of the tenant
    selection: str            # its hash
    seq: int                  # counts the runs of this selection, from 1
    started_at: datetime
    lease: timedelta
    lease_expires_at: datetime
    correlation_id: str | None
    request_id: str | None
    mode: str = "full"
    policy_types: frozenset | None = None         # what a full run was started for; None is every type
    status: str = "running"
    taken_over: bool = False
    finished_at: datetime | None = None
    expected_items: int | None = None
    errors: list = field(default_factory=list)
    seen: dict = field(default_factory=dict)      # item number -> strongest of inserted, updated, unchanged
    removed: set = field(default_factory=set)     # item numbers: what it removed and has not observed since
    final_counts: dict | None = None              # a finished run keeps its counts, whatever is forgotten
    type_counts: dict | None = None               # likewise, of a full run: policy type -> distinct items observed
    changed: frozenset | None = None              # likewise: what it tells as changed
    told: dict | None = None                      # likewise: change -> the items that it told so, whatever type they get later
    pruned: bool = False                          # listed no more; every answer is worked out as if it still were

    @property
    def completed(self):
        return self.status != "running"

    @property
    def clean(self):
        """Ended well, in its own mode."""
        return self.status == "success" and not self.errors

    def covers(self, policy_type):
        return self.mode == "full" and (self.policy_types is None or policy_type in self.policy_types)

    def is_believed(self, policy_type, errors):
        """Whether its silence about an item of this type can be believed, judged by some of its errors."""
        hole_is_located = any(e.by_caller and e.policy_type is not None for e in self.errors)
        return (self.covers(policy_type) and self.status in ("success", "partial")
                and not any(e.policy_type in (policy_type, None) for e in errors)
                and (self.status == "success" or hole_is_located))

    def vouches_for(self, policy_type):
        return self.is_believed(policy_type, self.errors)

    def is_reference_for(self, policy_type):
        """Vouches for the type, or its only fault was the shrink guard: a second run of that size is believed."""
        return self.is_believed(policy_type, [e for e in self.errors if e.by_caller or e.code != "shrink_guard"])

    def judges(self, policy_type):
        """What the guards look at: the types that it would vouch for by what its caller recorded."""
        return self.is_believed(policy_type, [e for e in self.errors if e.by_caller])

    @property
    def error_codes(self):
        return sorted({error.code for error in self.errors})

    @property
    def counts(self):
        if self.final_counts is not None:
            return self.final_counts
        kinds = list(self.seen.values())
        return {"observed": len(kinds), "removed": len(self.removed), **{kind: kinds.count(kind) for kind in STRENGTH}}

    @property
    def counts_as_seen(self):
        """An observation counts at once, unless the same run removed the item later."""
        return set(self.seen) - self.removed

    def extend_lease(self, now):
        """From the last start, batch or heartbeat; a clock set back does not take time away."""
        self.lease_expires_at = max(self.lease_expires_at, now + self.lease)
