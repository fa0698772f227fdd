"""Drives a headless Chromium over its debugging pipe, with nothing but Python's own library.

A page is a tab: `evaluate` runs JavaScript and returns its value, `mouse`, `key` and `drag` act as a
reader would, `errors` holds every message of the console that is an error and every uncaught exception,
`requests` every address that was asked for.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


def find():
    """The browser's path, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    def __init__(self, path):
        self.profile = tempfile.mkdtemp(prefix="mx-browser-")
        to_read, self.writer = os.pipe()
        self.reader, to_write = os.pipe()

        def connect():
            # Chromium reads commands from 3 and writes answers to 4.
            low, high = os.dup(to_read), os.dup(to_write)
            os.dup2(low, 3)
            os.dup2(high, 4)

        self.process = subprocess.Popen(
            [path, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--hide-scrollbars", "--force-color-profile=srgb", "--disable-dev-shm-usage",
             "--js-flags=--expose-gc", "--enable-precise-memory-info", "--no-first-run",
             "--user-data-dir=" + self.profile],
            preexec_fn=connect, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.buffer = b""
        self.count = 0
        self.pages = {}

    def close(self):
        try:
            self.send("Browser.close")
            self.process.wait(10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        for end in (self.reader, self.writer):
            os.close(end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def send(self, method, params=None, session=None, limit=60):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + limit
        while True:
            answer = self.receive(end - time.monotonic())
            if answer is None:
                raise RuntimeError(f"no answer to {method} in {limit} s")
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error'].get('message')}")
                return answer["result"]

    def receive(self, limit):
        """The next message, events handed to their page; None when the time is over."""
        while b"\0" not in self.buffer:
            if limit <= 0 or not select.select([self.reader], [], [], limit)[0]:
                return None
            data = os.read(self.reader, 1 << 20)
            if not data:
                raise RuntimeError("the browser is gone")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        if "method" in message and message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].event(message["method"], message["params"])
        return message

    def page(self, **options):
        return Page(self, **options)


class Page:
    def __init__(self, browser, width=1400, height=900, dark=False, script=True, zone=None):
        self.browser = browser
        self.errors, self.requests, self.loads = [], [], 0
        target = browser.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.target = target
        self.session = browser.send(
            "Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(domain + ".enable")
        self.resize(width, height)
        self.media(dark)
        if zone:
            self.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        if not script:
            self.send("Emulation.setScriptExecutionDisabled", {"value": True})

    def send(self, method, params=None, **options):
        return self.browser.send(method, params, self.session, **options)

    def event(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"] + " " + params["entry"].get("url", ""))
        elif method == "Runtime.consoleAPICalled" and params["type"] == "error":
            self.errors.append(str(params["args"]))
        elif method == "Network.requestWillBeSent":
            # What stands within the page is asked of nobody.
            if not params["request"]["url"].startswith("data:"):
                self.requests.append(params["request"]["url"])
        elif method == "Page.loadEventFired":
            self.loads += 1

    def resize(self, width, height):
        self.send("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def media(self, dark=False, kind=""):
        self.send("Emulation.setEmulatedMedia", {"media": kind, "features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, address, ready=True):
        before = self.loads
        self.send("Page.navigate", {"url": address})
        self.until(lambda: self.loads > before)
        if ready:
            self.wait("document.documentElement.dataset.ready")

    def until(self, condition, limit=30):
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                raise AssertionError("waited in vain")
            self.browser.receive(0.05)

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.browser.receive(end - time.monotonic())

    def evaluate(self, script):
        answer = self.send("Runtime.evaluate", {
            "expression": script, "returnByValue": True, "awaitPromise": True})
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait(self, script, limit=30):
        """Until the expression is true; returns its value."""
        end = time.monotonic() + limit
        while True:
            try:
                value = self.evaluate(script)
            except RuntimeError:
                value = None  # between two documents
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"never true: {script}")
            self.pause(0.05)

    def box(self, selector):
        box = self.evaluate(
            f"(()=>{{const e=document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block:'center'});const b=e.getBoundingClientRect();"
            "return [b.left,b.top,b.width,b.height]})()")
        self.pause(0.05)
        return box

    def mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, **more})

    def hover(self, selector, across=0.5, down=0.5):
        left, top, width, height = self.box(selector)
        x, y = left + width * across, top + height * down
        self.mouse("mouseMoved", x, y)
        self.pause(0.08)
        return x, y

    def click(self, selector, modifiers=0):
        left, top, width, height = self.box(selector)
        x, y = left + width / 2, top + height / 2
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1, modifiers=modifiers)
        self.pause(0.05)

    def drag(self, selector, start, end):
        left, top, width, height = self.box(selector)
        y = top + height / 2
        self.mouse("mouseMoved", left + width * start, y)
        self.mouse("mousePressed", left + width * start, y, button="left", clickCount=1)
        for step in range(1, 6):
            share = start + (end - start) * step / 5
            self.mouse("mouseMoved", left + width * share, y, button="left", buttons=1)
        self.mouse("mouseReleased", left + width * end, y, button="left", clickCount=1)
        self.pause(0.1)

    CODES = {"Escape": 27, "Tab": 9, "Enter": 13, " ": 32, "ArrowLeft": 37, "ArrowRight": 39,
             "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35}

    def key(self, key, modifiers=0):
        for kind in ("rawKeyDown", "char", "keyUp") if key in ("Enter", " ") else ("rawKeyDown", "keyUp"):
            event = {"type": kind, "key": key, "modifiers": modifiers,
                     "windowsVirtualKeyCode": self.CODES.get(key, ord(key[0].upper()))}
            if kind == "char":
                event["text"] = "\r" if key == "Enter" else " "
            self.send("Input.dispatchKeyEvent", event)
        self.pause(0.05)

    def type(self, text):
        self.send("Input.insertText", {"text": text})
        self.pause(0.05)

    def screenshot(self, path, whole=True):
        answer = self.send("Page.captureScreenshot", {"captureBeyondViewport": whole, "format": "png"})
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def picture(self, width, height, scale):
        """The page from its top, `scale` times as large, as PNG."""
        answer = self.send("Page.captureScreenshot", {
            "captureBeyondViewport": True, "format": "png",
            "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": scale}})
        return base64.b64decode(answer["data"])

    def heap(self):
        self.send("HeapProfiler.collectGarbage")
        return self.send("Runtime.getHeapUsage")["usedSize"]

    def close(self):
        self.browser.pages.pop(self.session, None)
        self.browser.send("Target.closeTarget", {"targetId": self.target})
