"""hooks.py DIR: an HTTP server and two mail servers on loopback, for the tests of notices.

The ports are written to DIR/http.port, DIR/smtp.port and DIR/smtps.port (the last only
where DIR/cert.pem is there). What comes is logged to DIR/log, one line each. The first
line of DIR/answers is taken for each request: a status, 'hang', 'close', or '429 SECONDS'.
"""

import json
import os
import socketserver
import ssl
import sys
import threading
import time

folder = sys.argv[1]
lock = threading.Lock()


def log(text):
    with lock, open(folder + "/log", "a") as file:
        file.write(text + "\n")


def answer():
    with lock:
        try:
            lines = open(folder + "/answers").read().split("\n")
        except FileNotFoundError:
            return "200"
        if not lines[0]:
            return "200"
        with open(folder + "/answers", "w") as file:
            file.write("\n".join(lines[1:]))
        return lines[0]


class Http(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline().decode().split()
        headers = {}
        while (text := self.rfile.readline().decode().strip()):
            name, _, value = text.partition(": ")
            headers[name.lower()] = value
        body = self.rfile.read(int(headers.get("content-length", 0))).decode()
        said = answer()
        value = json.loads(body)
        alerts = ",".join(a["labels"]["alertname"] + ":" + a["status"] for a in value.get("alerts", []))
        log("http %s %s %s %s" % (line[1], said, headers.get("idempotency-key", "-"), alerts))
        if said == "hang":
            time.sleep(20)
        if said in ("hang", "close"):
            return
        status = said.split()[0]
        more = "Retry-After: %s\r\n" % said.split()[1] if " " in said else ""
        self.wfile.write(("HTTP/1.1 %s X\r\n%sContent-Length: 0\r\n\r\n" % (status, more)).encode())


class Smtp(socketserver.StreamRequestHandler):
    tls = None

    def say(self, text):
        self.wfile.write((text + "\r\n").encode())
        self.wfile.flush()

    def handle(self):
        secure = isinstance(self.request, ssl.SSLSocket)
        self.say("220 test ESMTP")
        while (line := self.rfile.readline().decode().strip()):
            word = line.split()[0].upper()
            if word == "EHLO":
                offers = ["250-test"]
                if self.tls and not secure:
                    offers.append("250-STARTTLS")
                offers.append("250 AUTH PLAIN LOGIN")
                for offer in offers:
                    self.say(offer)
            elif word == "STARTTLS":
                self.say("220 go")
                self.request = self.tls.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb")
                secure = True
            elif word == "AUTH":
                if len(line.split()) < 3:
                    self.say("334 ")
                    line += " " + self.rfile.readline().decode().strip()
                import base64
                user = base64.b64decode(line.split()[2]).decode().split("\0")
                log("auth %s %s" % ("tls" if secure else "plain", user[1]))
                self.say("235 ok" if user[2] == "s3cret" else "535 no")
            elif word == "DATA":
                self.say("354 go")
                lines = []
                while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    lines.append(text)
                with open(folder + "/mail", "a") as file:
                    file.write("\n".join(lines) + "\n")
                subject = [t for t in lines if t.startswith("Subject:")][0]
                log("mail %s %s" % ("tls" if secure else "plain", subject))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def serve(name, handler):
    server = Server(("127.0.0.1", 0), handler)
    with open(folder + "/new", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(folder + "/new", folder + "/" + name + ".port")
    threading.Thread(target=server.serve_forever, daemon=True).start()


serve("http", Http)
serve("smtp", Smtp)
if os.path.exists(folder + "/cert.pem"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
    serve("smtps", type("Smtps", (Smtp,), {"tls": context}))
time.sleep(300)
