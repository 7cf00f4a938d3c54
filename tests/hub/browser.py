"""Chromium without a window, driven over its debugging protocol: pages opened, asked and listened to."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--remote-debugging-port=0"),
    *("--autoplay-policy=no-user-gesture-required", "--no-first-run", "--disable-background-networking"),
)


class Tab:
    """A tab: `said` are its console's errors, `asked` the addresses that it asked for."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.number = socket, 0
        self.said: list[str] = []
        self.asked: list[str] = []

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        self.number += 1
        await self.socket.send_json({"id": self.number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self.socket.receive(timeout=120)).data)
            self._hear(message)
            if message.get("id") == self.number:
                return message.get("result", {})

    async def ask(self, expression: str) -> Any:
        """The value of an expression; a promise is waited for."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def wait_for(self, expression: str, seconds: float = 60) -> None:
        """Until an expression is true."""
        for _ in range(int(seconds * 5)):
            if await self.ask(f"Boolean({expression})"):
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"not true after {seconds} s: {expression}")

    def _hear(self, message: dict[str, Any]) -> None:
        parameters, method = message.get("params", {}), message.get("method")
        if method == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"][:120])
        elif method == "Runtime.exceptionThrown":
            self.said.append(json.dumps(parameters)[:300])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.said.append(parameters["entry"]["text"][:300])


class Browser:
    """`async with Browser(folder) as browser: tab = await browser.open(url)`; downloads lie in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def __aenter__(self) -> "Browser":
        import aiohttp

        assert CHROMIUM is not None
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        profile = self.folder / "profile"
        self.process = await asyncio.create_subprocess_exec(
            CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank", **quiet,
            env={**os.environ, "HOME": str(self.folder)},
        )  # fmt: skip
        port = profile / "DevToolsActivePort"
        for _ in range(600):
            if port.is_file() and port.read_text().count("\n"):
                break
            await asyncio.sleep(0.1)
        self.port = port.read_text().split("\n")[0]
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.session.close()
        self.process.kill()
        await self.process.wait()

    async def open(self, url: str) -> Tab:
        """A new tab that has gone to an address."""
        async with self.session.put(f"http://127.0.0.1:{self.port}/json/new?about:blank") as reply:
            target = await reply.json()
        tab = Tab(await self.session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0))
        for domain in ("Runtime", "Log", "Network", "Page"):
            await tab.call(f"{domain}.enable")
        downloads = {"behavior": "allow", "downloadPath": str(self.folder / "downloads")}
        await tab.call("Page.setDownloadBehavior", **downloads)
        await tab.call("Page.navigate", url=url)
        return tab
