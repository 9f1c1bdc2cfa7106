"""The reports by the names of their addresses."""

from types import ModuleType

from followups import errors
from followups.reports import (
    confirmed,
    dead_ends,
    first_contact,
    promises,
    recontact,
    resolution,
    time_to_resolution,
)

BUILT = (resolution, recontact, first_contact, time_to_resolution, promises, dead_ends, confirmed)
REPORTS = {module.NAME: module for module in BUILT}


def named(name: str) -> ModuleType:
    """Raises `Missing` for a report that is not built."""
    if name not in REPORTS:
        raise errors.Missing("No such report.")
    return REPORTS[name]
