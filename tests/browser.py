"""A page open in headless Chromium, driven through a pipe in the protocol of its developer tools."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
INSTALLED = bool(CHROMIUM and shutil.which("bash"))


class Browser:
    """One browser; `open` shows a page in it and forgets what the last one did."""

    def __init__(self, folder):
        to_read, self.write_end = os.pipe()
        self.read_end, to_write = os.pipe()
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
            "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
            "--hide-scrollbars", f"--user-data-dir={folder}",
        ]  # fmt: skip
        # The pipe must be numbers 3 and 4 in the browser.
        script = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write} 2>/dev/null'
        command = ["bash", "-c", script, CHROMIUM, *flags, "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(to_read, to_write), start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self.session, self.count, self.buffer, self.events = None, 0, b"", []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.call(f"{domain}.enable")

    def open(self, path, width=1280, height=800, dark=False, calm=True):
        """Show the page in a file. `calm`: the reader asked for no movement, so the camera jumps."""
        self.call("Page.navigate", url="about:blank")
        self.size(width, height)
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        features.append({"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"})
        self.call("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.wait_until("document.body && document.body.dataset.ready")
        return self

    def size(self, width, height):
        phone = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def call(self, method, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.buffer:
            assert select.select([self.read_end], [], [], 60)[0], "the browser does not answer"
            data = os.read(self.read_end, 1 << 16)
            assert data, "the browser has ended"
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_until(self, condition):
        end = time.monotonic() + 20
        while not self.run(condition):
            assert time.monotonic() < end, f"never came true: {condition}; {self.complaints}"
            time.sleep(0.03)

    def press(self, key):
        """Press a key where the focus is."""
        self.run(
            "(document.activeElement ?? document.body).dispatchEvent("
            f"new KeyboardEvent('keydown', {{key: {json.dumps(key)}, bubbles: true, cancelable: true}}))"
        )

    def click(self, selector, times=1):
        """Click the middle of an element, as a mouse does."""
        place = self.run(
            f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        self.click_at(*place, times=times)

    def click_at(self, x, y, times=1):
        for k in range(times):
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=k + 1)

    def screenshot(self):
        """The page as PNG bytes."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    @property
    def requests(self):
        """What the page asked the network for since `open`."""
        told = [e["params"]["request"]["url"] for e in self.events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in told if not url.startswith("about:")]

    @property
    def complaints(self):
        """What was written to the console, and what was raised."""
        told = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for event in self.events if event["method"] in told]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        os.close(self.write_end)
        os.close(self.read_end)
        self.process.terminate()
        self.process.wait(20)
