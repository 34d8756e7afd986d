"""A new distribution with a plugin in it, complete: component, parameters, tests, README, licence, CI."""

from specframe.scaffold.conflicts import check_conflicts
from specframe.scaffold.distribution import LICENSES, TEMPLATES, Distribution, new_distribution
from specframe.scaffold.folder import write_distribution

__all__ = ["LICENSES", "TEMPLATES", "Distribution", "check_conflicts", "new_distribution", "write_distribution"]
