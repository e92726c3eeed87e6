"""For all tests, wherever they stand: which of them share a process when they run in parallel."""

import pytest


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """A file stays in one process, so that a notebook has one kernel; a mark may split it into smaller groups.

    What takes minutes begins first, or one process would wait for the other at the end.
    """
    items.sort(key=lambda item: item.path.name not in ("test_jupyter.py", "test_charts.py"))
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
