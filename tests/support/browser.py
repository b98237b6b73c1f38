"""A browser without a window: what axe-core finds in a page, in light or in dark colours."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, Literal

import axe_core_python
import pytest

Scheme = Literal["light", "dark"]
NAMES = ("chromium", "chromium-browser", "google-chrome")
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
RUN = """
axe.run(document, {resultTypes: ["violations"]}).then(found => {
  const told = found.violations.map(each => ({
    id: each.id, impact: each.impact, help: each.help,
    nodes: each.nodes.map(node => node.html.slice(0, 200) + " | " + (node.failureSummary || "")),
  }));
  const out = document.createElement("pre");
  out.id = "axe-found";
  out.textContent = JSON.stringify({
    dark: matchMedia("(prefers-color-scheme: dark)").matches, rules: found.passes.length, violations: told,
  });
  document.body.append(out);
});
"""


@cache
def browser() -> str:
    """The command of a Chromium; a test is skipped where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium here")
    return found


def faults(html: str, folder: Path, scheme: Scheme, width: int = 1280) -> list[dict[str, Any]]:
    """What axe-core finds in a page: rule, impact, and the elements.

    The page's own policy forbids scripts: a copy without it is looked at. Pages of a list are all shown.
    """
    script = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    assert POLICY.search(html)
    page = folder / f"{scheme}-{width}.html"
    tail = f"<script>{script}</script><script>{RUN}</script></body>"
    page.write_text(POLICY.sub("", html).replace("</body>", tail), encoding="utf-8")
    dom = chromium(page, folder, scheme, width, "--dump-dom", "--virtual-time-budget=60000").decode()
    said = re.search(r'<pre id="axe-found">(.*?)</pre>', dom, re.DOTALL)
    assert said, dom[-500:]
    found: dict[str, Any] = json.loads(unescape(said[1]))
    assert found["dark"] == (scheme == "dark")
    assert found["rules"] > 10
    violations: list[dict[str, Any]] = found["violations"]
    return violations


def serious(html: str, folder: Path, scheme: Scheme, width: int = 1280) -> list[str]:
    """The serious and the critical of them, in a line each."""
    return [
        f"{fault['id']}: {node}"
        for fault in faults(html, folder, scheme, width)
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def chromium(page: Path, folder: Path, scheme: Scheme, width: int, *options: str) -> bytes:
    """What the browser gives of a local page; nothing but that page can be reached."""
    command = [
        browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
        "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={folder}/profile", f"--window-size={width},2000",
        f"--blink-settings=preferredColorScheme={'0' if scheme == 'dark' else '1'}",
        *options, page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout
