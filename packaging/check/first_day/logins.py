#!/usr/bin/env python3
"""usage: logins.py LISTEN_PORT ENGINE_PORT

The users of the ClickHouse in the walk through docs/first-day.md. The engine of the tests is a current one and has no
logins, and Debian's server, which has them, is too old for the statements on that page. This proxy checks user and password
as ClickHouse does (code 516), carries out CREATE USER, ALTER USER and GRANT for itself, and passes on everything else.
"""
import http.client
import http.server
import re
import sys
import urllib.parse

passwords = {"default": ""}
ENGINE = int(sys.argv[2])
IDENTIFIED = re.compile(r"\s*(CREATE|ALTER)\s+USER\s+(\w+)\s+IDENTIFIED\s+BY\s+'([^']*)'", re.I)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, user):
        text = (f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user with "
                "such name. (AUTHENTICATION_FAILED)\n")
        self.reply(403, text.encode(), [("X-ClickHouse-Exception-Code", "516")])

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        user = self.headers.get("X-ClickHouse-User", "default")
        if passwords.get(user) != self.headers.get("X-ClickHouse-Key", ""):
            return self.refuse(user)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("query", [""])[0]
        if login := IDENTIFIED.match(query or body.decode(errors="replace")):
            passwords[login[2]] = login[3]
            return self.reply(200, b"")
        if re.match(r"\s*GRANT\s", query or body.decode(errors="replace"), re.I):
            return self.reply(200, b"")
        engine = http.client.HTTPConnection("127.0.0.1", ENGINE)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        engine.request(self.command, self.path, body, headers)
        answer = engine.getresponse()
        kept = [(name, value) for name, value in answer.getheaders()
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "keep-alive")]
        self.reply(answer.status, answer.read(), kept)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
