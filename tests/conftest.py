"""What several test files share: one headless Chromium for the whole session."""

import os
import shutil

import pytest

CANDIDATES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_chromium():
    """Path of the Chromium on this machine, or None; the variable CHROMIUM overrides."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CANDIDATES)), None)


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests of a process. Without one they are skipped, if CTC_BROWSER is not `required`.

    `CTC_BROWSER=none` skips them even where there is a browser: CI asks one Python for them, not four.
    """
    wanted, path = os.environ.get("CTC_BROWSER"), find_chromium()
    if wanted == "none":
        pytest.skip("CTC_BROWSER=none")
    if path is None:
        message = f"no Chromium: none of {', '.join(CANDIDATES)} in PATH, and CHROMIUM is not set"
        if wanted == "required":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright  # only here: numeric tests run without it

    # A container has no GPU and a small /dev/shm; nothing but the tests may use the network.
    flags = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()
