"""Sequence examples of TensorFlow record files, read without TensorFlow.

A file is a row of records: a length (8 bytes, little endian), a checksum (4), the data, a checksum (4). The data of a
``SequenceExample`` are nested fields in the wire format of protocol buffers; of the message types only the few field
numbers that are named below matter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vasot.errors import DataError

__all__ = ["SequenceExample", "read_sequence_examples"]

_CONTEXT, _SEQUENCES = 1, 2
_BYTES_LIST, _INT_LIST = 1, 3

Value = bytes | int


@dataclass(frozen=True)
class SequenceExample:
    """One record: values that hold for the whole of it, and values of every step."""

    context: dict[str, list[Value]]
    steps: dict[str, list[list[Value]]]


def read_sequence_examples(path: Path) -> Iterator[SequenceExample]:
    """The records of a file, one by one; checksums are not compared.

    Raises:
        DataError: the file cannot be read, is cut off, or holds something else.
    """
    try:
        with path.open("rb") as file:
            while head := file.read(12):
                if len(head) < 12:
                    raise DataError(f"{path}: is cut off; copy it again")
                (length,) = struct.unpack("<Q", head[:8])
                if length > path.stat().st_size:
                    raise DataError(f"{path}: is no TensorFlow record file, or is cut off; copy it again")
                data = file.read(length)
                if len(data) < length or len(file.read(4)) < 4:
                    raise DataError(f"{path}: is cut off; copy it again")
                yield _example(data)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check that it is a file you may read") from error
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, ValueError, struct.error) as error:
        raise DataError(f"{path}: holds no sequence examples ({error}); copy it again") from error


def _example(data: bytes) -> SequenceExample:
    context: dict[str, list[Value]] = {}
    steps: dict[str, list[list[Value]]] = {}
    for number, part in _fields(data):
        for _, entry in _fields(_message(part)):
            pair = dict(_fields(_message(entry)))
            key = _message(pair[1]).decode()
            if number == _CONTEXT:
                context[key] = _feature(_message(pair[2]))
            elif number == _SEQUENCES:
                steps[key] = [_feature(_message(step)) for _, step in _fields(_message(pair[2]))]
    return SequenceExample(context, steps)


def _feature(data: bytes) -> list[Value]:
    """The values of a feature that holds bytes or whole numbers."""
    values: list[Value] = []
    for kind, content in _fields(data):
        for _, value in _fields(_message(content)):
            if kind == _BYTES_LIST:
                values.append(_message(value))
            elif kind == _INT_LIST:
                # Either one number per field, or all in one.
                values += [value] if isinstance(value, int) else _packed(value)
    return values


def _message(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a number where a message is due")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and value of every field of a message: bytes, or a number."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(data, place)
            yield tag >> 3, value
            continue
        if kind == 2:
            length, place = _varint(data, place)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"unknown kind of field {kind}")
        if place + length > len(data):
            raise ValueError("a field ends beyond its message")
        yield tag >> 3, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of seven bits per byte, lowest first, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _packed(data: bytes) -> list[int]:
    values, place = [], 0
    while place < len(data):
        value, place = _varint(data, place)
        values.append(value)
    return values
