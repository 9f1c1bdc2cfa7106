"""The reports by the names of their addresses."""

from types import ModuleType

from followups import errors
from followups.reports import (
    chase,
    confirmed,
    dead_ends,
    first_contact,
    promises,
    recontact,
    resolution,
    silent,
    targets,
    time_to_resolution,
    workload,
)

BUILT = (
    resolution,
    recontact,
    first_contact,
    time_to_resolution,
    promises,
    chase,
    dead_ends,
    silent,
    confirmed,
    targets,
    workload,
)
REPORTS = {module.NAME: module for module in BUILT}


def named(name: str) -> ModuleType:
    """Raises `Missing` for a report that is not built."""
    if name not in REPORTS:
        raise errors.Missing("No such report.")
    return REPORTS[name]
