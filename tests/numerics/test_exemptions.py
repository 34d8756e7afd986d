"""The table of bounds names only what is there, and says why a component is exempt."""

from __future__ import annotations

import pytest

ENTRIES = ("exempt", "bounds", "ignore")


def test_the_table_names_only_existing_components(table, bundled):
    unknown = {
        (title, name)
        for title, entry in table.items()
        for part in ENTRIES
        for name in entry.get(part, {})
        if name not in {n for kind in entry["kinds"] for n in bundled[kind]}
    }
    assert unknown == set()


def test_every_exemption_has_a_reason(table):
    silent = [(t, n) for t, entry in table.items() for n, why in entry.get("exempt", {}).items() if len(why) < 10]
    assert silent == []


def test_what_is_exempt_has_no_bound(table):
    both = [(t, n) for t, e in table.items() for n in e.get("exempt", {}) if n in e.get("bounds", {})]
    assert both == []


def test_every_entry_is_tested(table, request):
    """Else a property could be lost with its test."""
    folder = request.path.parent
    sources = "".join(path.read_text() for path in folder.glob("test_*.py"))
    assert [title for title in table if f'numerics("{title}")' not in sources] == []


@pytest.mark.parametrize("kind", ["detrender", "model", "uncertainty"])
def test_most_components_are_covered(table, bundled, kind):
    """A kind of which only exempt components are left is tested by nothing."""
    for title, entry in table.items():
        if kind in entry["kinds"]:
            covered = set(bundled[kind]) - set(entry.get("exempt", {}))
            assert len(covered) >= 3, title
