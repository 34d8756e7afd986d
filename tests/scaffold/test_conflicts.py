"""Names that others use are told before anything is written."""

from __future__ import annotations

import pytest

from specframe.errors import UsageError
from specframe.registry import PluginRecord, Registry
from specframe.scaffold import check_conflicts, new_distribution


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


def test_a_name_of_its_own_is_fine(registry: Registry) -> None:
    assert check_conflicts(new_distribution("model", "of-my-own"), registry) == []


def test_a_components_name_that_another_plugin_offers_is_warned_of(registry: Registry) -> None:
    (warning,) = check_conflicts(new_distribution("model", "ridge"), registry)
    assert "pipelines must say ridge/ridge for yours, and linear/ridge for the other" in warning
    assert check_conflicts(new_distribution("loader", "ridge"), registry) == []  # no loader has this name


def test_a_plugins_name_is_refused(registry: Registry) -> None:
    with pytest.raises(UsageError, match=r"specframe .* has a plugin of this name, and of two .* neither is used"):
        check_conflicts(new_distribution("model", "linear"), registry)


def test_a_package_that_hides_another_is_refused(registry: Registry) -> None:
    with pytest.raises(UsageError, match="numpy has a package of this name"):
        check_conflicts(new_distribution("model", "mine", package="numpy"), registry)


def test_what_it_was_itself_when_it_was_installed_is_no_conflict(registry: Registry) -> None:
    earlier = PluginRecord("mine", "specframe_mine", "0.1.0", "ok")
    assert check_conflicts(new_distribution("model", "mine"), Registry((earlier,), _manager())) == []


def _manager() -> object:
    import pluggy

    return pluggy.PluginManager("specframe")
