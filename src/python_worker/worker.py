"""One worker of freshet: runs module.Class over batches of Kafka messages (docs/python-workers.md).

Started as: python3 -c <this text> MODULE CLASS, with a stream socket as file descriptor 3. What the class prints
goes to the log; it does not use the socket.
"""
import datetime
import importlib
import json
import os
import socket
import struct
import sys
import traceback
from typing import NamedTuple

PROTOCOL = 1
ROWS, SKIP, INVALID = 0, 1, 2


class Metadata(NamedTuple):
    offset: int
    partition: int
    timestamp: datetime.datetime


def metadata_type():
    try:  # Snuba's own type, if it is installed
        from snuba.consumers.types import KafkaMessageMetadata
        return KafkaMessageMetadata
    except Exception:
        return Metadata


def encode(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    raise TypeError(f"{type(value).__name__} cannot be the value of a column")


def milliseconds(moment):
    """None, a datetime (naive: UTC) or seconds."""
    if moment is None:
        return None
    if isinstance(moment, datetime.datetime):
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        return int(moment.timestamp() * 1000)
    return int(float(moment) * 1000)


def rows_of(result):
    if hasattr(result, "rows"):
        return result.rows
    if isinstance(result, (list, tuple)):
        return result
    raise TypeError(f"process_message returned {type(result).__name__}, which has no rows (replacements are not supported)")


def process(processor, make_metadata, offset, partition, timestamp_ms, payload):
    moment = datetime.datetime.fromtimestamp(timestamp_ms / 1000, datetime.timezone.utc)
    result = processor.process_message(json.loads(payload), make_metadata(offset, partition, moment.replace(tzinfo=None)))
    if result is None:
        return struct.pack("<B", SKIP)
    rows = rows_of(result)
    text = "".join(json.dumps(row, default=encode, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows).encode()
    origin = milliseconds(getattr(result, "origin_timestamp", None))
    return struct.pack("<BIBqI", ROWS, len(rows), origin is not None, origin or 0, len(text)) + text


def refuse(reason):
    text = reason.encode("utf-8", "replace")[:4096]
    return struct.pack("<BI", INVALID, len(text)) + text


def read_exactly(stream, size):
    data = stream.read(size)
    if data is None or len(data) < size:
        raise EOFError
    return data


def answer(processor, make_metadata, frame):
    (count,) = struct.unpack_from("<I", frame)
    at = 4
    out = [struct.pack("<I", count)]
    for _ in range(count):
        offset, partition, timestamp_ms, has_payload, size = struct.unpack_from("<qiqBI", frame, at)
        at += struct.calcsize("<qiqBI")
        payload = frame[at : at + size] if has_payload else b""
        at += size
        try:
            out.append(process(processor, make_metadata, offset, partition, max(timestamp_ms, 0), payload))
        except Exception as error:
            out.append(refuse(f"{type(error).__name__}: {error}"))
    return b"".join(out)


def send(stream, body):
    stream.write(struct.pack("<I", len(body)) + body)
    stream.flush()


def sentence(error):
    """The error, its location and a hint how to fix it, in one line."""
    text = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if not f.filename.startswith("<") and f.filename != importlib.__file__]
    if frames:
        text += f" ({frames[-1].filename} line {frames[-1].lineno})"
    if isinstance(error, ModuleNotFoundError):
        text += "; PYTHONPATH must contain the module's directory"
    return text


def main(module, name):
    os.environ["RUST_SNUBA_PROCESSOR_MODULE"] = module
    os.environ["RUST_SNUBA_PROCESSOR_CLASSNAME"] = name
    stream = socket.socket(fileno=3).makefile("rwb")
    try:
        processor = getattr(importlib.import_module(module), name)()
        make_metadata = metadata_type()
    except BaseException as error:
        send(stream, json.dumps({"protocol": PROTOCOL, "error": sentence(error)}).encode())
        raise SystemExit(1)
    send(stream, json.dumps({"protocol": PROTOCOL}).encode())
    while True:
        try:
            (size,) = struct.unpack("<I", read_exactly(stream, 4))
            frame = read_exactly(stream, size)
        except EOFError:
            return
        send(stream, answer(processor, make_metadata, frame))


main(sys.argv[1], sys.argv[2])
