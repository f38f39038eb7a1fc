#!/usr/bin/env python3
"""usage: collector.py PORT FILE

An OpenTelemetry collector for tests: it decodes each OTLP request with the official protobufs, writes it to FILE as a line of
JSON {"path", "headers", "request"}, and answers as a collector does. What a collector would refuse gets the status 400, and
FILE has {"refused": why}.
"""
import http.server
import json
import pathlib
import sys

from google.protobuf import unknown_fields
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

SERVICES = {
    "/v1/logs": (logs_service_pb2.ExportLogsServiceRequest, logs_service_pb2.ExportLogsServiceResponse),
    "/v1/metrics": (metrics_service_pb2.ExportMetricsServiceRequest, metrics_service_pb2.ExportMetricsServiceResponse),
}


class Refused(Exception):
    pass


def expect_known_fields(message):
    """A number that the protobufs do not have is a fault of the encoder; the decoder would keep it."""
    if len(unknown_fields.UnknownFieldSet(message)) != 0:
        raise Refused(f"a {message.DESCRIPTOR.name} has unknown fields")
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                expect_known_fields(one)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def decoded(self, body):
        if self.headers.get("Content-Type") != "application/x-protobuf":
            raise Refused(f"Content-Type {self.headers.get('Content-Type')}")
        if self.path not in SERVICES:
            raise Refused(f"path {self.path}")
        try:
            request = SERVICES[self.path][0].FromString(body)
        except DecodeError as error:
            raise Refused(str(error)) from error
        expect_known_fields(request)
        return request

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            request = self.decoded(body)
            status, answer = 200, SERVICES[self.path][1]().SerializeToString()
            line = {"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()},
                    "request": MessageToDict(request)}
        except Refused as refused:
            status, answer, line = 400, b"", {"refused": str(refused)}
        with pathlib.Path(sys.argv[2]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.send_response(status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
