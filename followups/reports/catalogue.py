"""The reports by the names of their addresses."""

from types import ModuleType

from followups import errors
from followups.reports import dead_ends, promises, recontact, resolution, time_to_resolution

REPORTS = {module.NAME: module for module in (resolution, recontact, time_to_resolution, promises, dead_ends)}


def named(name: str) -> ModuleType:
    """Raises `Missing` for a report that is not built."""
    if name not in REPORTS:
        raise errors.Missing("No such report.")
    return REPORTS[name]
