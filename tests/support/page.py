"""A page in a browser without a window, driven as a person does: by its keyboard; and looked at."""

from __future__ import annotations

import base64
import itertools
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_core_python
from websockets.sync.client import ClientConnection, connect

from tests.support.browser import browser
from tests.support.waiting import wait_for

AXE = """
axe.run(document, {resultTypes: ["violations"]}).then(found => JSON.stringify(found.violations
  .filter(each => ["serious", "critical"].includes(each.impact))
  .map(each => each.id + ": " + each.nodes.map(node => node.html.slice(0, 200)).join(" | "))))
"""


class Page:
    """A page of a browser, by the protocol that its developer tools speak."""

    def __init__(self, socket: ClientConnection, session: str) -> None:
        self._socket, self._session, self._numbers = socket, session, itertools.count(1)
        self.asked: list[str] = []  # addresses of what it loaded
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """What the browser answers to a method; what it says meanwhile is noted."""
        number = next(self._numbers)
        said = {"id": number, "method": method, "params": given, "sessionId": self._session}
        self._socket.send(json.dumps(said))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("method") == "Network.requestWillBeSent":
                self.asked.append(answer["params"]["request"]["url"])
            if answer.get("id") == number and answer.get("sessionId") == self._session:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found

    def value(self, script: str) -> Any:
        """What a script is, or promises."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def open(self, url: str) -> None:
        """Go to an address, or to the same again."""
        self.call("Page.navigate", url=url)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key and let it go."""
        code = {"code": f"Digit{key}"} if key.isdigit() else {}
        text = {"text": "\r"} if key == "Enter" else {"text": key} if len(key) == 1 else {}
        same = {
            "key": key,
            "modifiers": 8 if shift else 0,
            "windowsVirtualKeyCode": 13 if key == "Enter" else 0,
        }
        self.call("Input.dispatchKeyEvent", type="keyDown", **same, **code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **same, **code)

    def write(self, text: str) -> None:
        """Type a text where the cursor is."""
        self.call("Input.insertText", text=text)

    def wait(self, script: str) -> None:
        """Wait until a script is true."""
        wait_for(lambda: self.value(script), 60)

    def looks(self, scheme: str, width: int, height: int = 900) -> None:
        """Show it in light or dark, so many pixels wide."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self, file: Path) -> None:
        """Keep how it looks, all of it."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(found["data"]))

    def faults(self) -> list[str]:
        """The serious ones that axe-core finds."""
        script = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
        self.value(f"{script}; 0")
        found: list[str] = json.loads(self.value(AXE))
        return found


@contextmanager
def opened_browser(folder: Path) -> Iterator[Any]:
    """A browser that opens nothing by itself; what it gives makes pages, each with a storage of its own."""
    command = [
        browser(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
        "--disable-background-networking", "--remote-debugging-port=0", f"--user-data-dir={folder}/profile",
    ]  # fmt: skip
    port = folder / "profile/DevToolsActivePort"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: port.exists() and len(port.read_text().splitlines()) == 2, 60)
        number, path = port.read_text().splitlines()
        address = f"ws://127.0.0.1:{number}{path}"
        yield lambda: new_page(address)
    finally:
        process.kill()
        process.wait()


@contextmanager
def new_page(address: str) -> Iterator[Page]:
    """A page of a person's own, over a connection of its own."""
    with connect(address, max_size=None, max_queue=None, open_timeout=60, ping_interval=None) as socket:

        def call(method: str, **given: Any) -> Any:
            socket.send(json.dumps({"id": 0, "method": method, "params": given}))
            while (answer := json.loads(socket.recv(timeout=60))).get("id") != 0:
                pass
            return answer["result"]

        context = call("Target.createBrowserContext")["browserContextId"]
        target = call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        yield Page(socket, session)
        call("Target.disposeBrowserContext", browserContextId=context)
