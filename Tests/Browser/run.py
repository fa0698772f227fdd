#!/usr/bin/env python3
"""run.py TOOLS [WORD]...: what a reader does with the pages of mx-render, done in Chromium.

TOOLS is the directory of the built tools; with WORDs only tests whose names have one run. Pictures of
what was seen go to $MX_PICTURES where that is set. Exit 0 where all passed, 77 where there is no Chromium.
"""
import os
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import beside
import chromium
import fixture
import looks
import pages
import reviewed
import strange


def main():
    tools, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    path = chromium.find()
    if path is None:
        print("browser: skipped: no Chromium here; 'make test-browser' installs Debian's")
        return 77
    failed = passed = 0
    with tempfile.TemporaryDirectory(prefix="mx-browser-test-") as directory:
        world = fixture.Fixture(tools, directory)
        world.fill()
        browser = chromium.Browser(path)
        try:
            for module in (pages, beside, looks, reviewed, strange):
                for name in [n for n in dir(module) if n.startswith("test_")]:
                    if words and not any(word in name for word in words):
                        continue
                    try:
                        getattr(module, name)(world, browser)
                        passed += 1
                        print(f"browser: {name[5:].replace('_', ' ')}: passed", flush=True)
                    except Exception:
                        failed += 1
                        print(f"browser: {name[5:].replace('_', ' ')}: FAILED", flush=True)
                        traceback.print_exc()
        finally:
            browser.close()
            world.stop()
    print(f"browser: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
