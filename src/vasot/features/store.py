"""Features kept between runs, so that no video is looked at twice.

An entry is found by what decides its content: the video's bytes, the stretch and rate at which it was sampled, and the
extractor's identity. It appears whole or not at all, and one that cannot be read is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8

from vasot.errors import VasotError
from vasot.files import atomic_write
from vasot.video.clips import Clip
from vasot.video.probe import Damage, content_hash

__all__ = ["FeatureStore", "StoredFeatures", "default_store"]

_FORMAT = 1


@dataclass(frozen=True, eq=False)
class StoredFeatures:
    """Features of one clip, the instant of each in seconds, and where the video broke off, if it did.

    Bytes, which are pictures, are not read into memory but when they are looked at.
    """

    features: Float32[np.ndarray, "t d"] | UInt8[np.ndarray, "t d"]
    times_seconds: Float[np.ndarray, " t"]
    damage: Damage | None = None


@dataclass(frozen=True)
class FeatureStore:
    """A folder of features, one file per clip and way of extracting them."""

    root: Path

    def path(self, clip: Clip, fps: float, identity: Mapping[str, str | int | float | bool]) -> Path:
        """Where the features of a clip lie, or will.

        Raises:
            DataError: the video cannot be read.
        """
        key = {
            "format": _FORMAT,
            "video": self.content(clip.video),
            "start": clip.start_seconds,
            "end": clip.end_seconds,
            "fps": fps,
            "extractor": dict(identity),
        }
        digest = hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=20).hexdigest()
        return self.root / "features" / digest[:2] / f"{digest}.npz"

    def read(self, path: Path) -> StoredFeatures | None:
        """The entry, or None where there is none that can be read."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as entry:
                times, damage = entry["times_seconds"], json.loads(str(entry["damage"]))
                pictures = _mapped_bytes(path)
                features = entry["features"] if pictures is None else pictures
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            return None
        if features.ndim != 2 or times.shape != features.shape[:1]:
            return None
        return StoredFeatures(features, times, None if damage is None else Damage(**damage))

    def write(self, path: Path, entry: StoredFeatures) -> None:
        """Keep an entry.

        Raises:
            VasotError: the folder cannot be written; the text says how to choose another.
        """
        damage = None if entry.damage is None else {"at_seconds": entry.damage.at_seconds, "what": entry.damage.what}
        try:
            with atomic_write(path, force=True) as partial:
                np.savez(
                    partial,
                    features=entry.features,
                    times_seconds=entry.times_seconds,
                    damage=np.array(json.dumps(damage)),
                )
        except VasotError as error:
            raise VasotError(f"{error}; features are kept in {self.root}: set VASOT_CACHE to another folder") from error

    def size_bytes(self) -> int:
        """Bytes of all entries."""
        return sum(file.stat().st_size for file in self.root.glob("features/*/*.npz"))

    def content(self, video: Path) -> str:
        """Hash of a video's bytes, remembered for as long as its path, size and time of change stay the same.

        Raises:
            OSError: the video cannot be read.
        """
        state = video.stat()
        known = f"{video.resolve()}|{state.st_size}|{state.st_mtime_ns}|{state.st_ino}"
        memo = self.root / "hashes" / hashlib.blake2b(known.encode(), digest_size=20).hexdigest()
        with contextlib.suppress(OSError, UnicodeDecodeError):
            if content := memo.read_text(encoding="ascii"):
                return content
        content = content_hash(video)
        # Only a shortcut: where it cannot be kept, the video is read again.
        with contextlib.suppress(VasotError), atomic_write(memo, force=True) as partial:
            partial.write_text(content, encoding="ascii")
        return content


def _mapped_bytes(path: Path) -> UInt8[np.ndarray, "t d"] | None:
    """The entry's features where they are bytes, mapped from the file; None where they are numbers.

    Raises:
        ValueError: the file is not as it was written.
    """
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("features.npy")
        with archive.open(member) as stream:
            reads = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, _, dtype = reads[np.lib.format.read_magic(stream)](stream)
            header = stream.tell()
    if dtype != np.uint8 or member.compress_type != zipfile.ZIP_STORED:
        return None
    with path.open("rb") as file:
        # The name and the extra field before the data may be longer than those of the archive's directory.
        file.seek(member.header_offset + _LENGTHS_AT)
        lengths = struct.unpack("<HH", file.read(4))
    offset = member.header_offset + _LENGTHS_AT + 4 + sum(lengths) + header
    return np.memmap(path, dtype, mode="r", offset=offset, shape=shape)


_LENGTHS_AT = 26
"""Where a member's own header in a ZIP archive says how long its name and its extra field are."""


def default_store() -> FeatureStore:
    """The user's store: ``VASOT_CACHE``, else ``vasot`` in ``XDG_CACHE_HOME``, else ``~/.cache/vasot``."""
    if chosen := os.environ.get("VASOT_CACHE"):
        return FeatureStore(Path(chosen))
    base = os.environ.get("XDG_CACHE_HOME")
    return FeatureStore((Path(base) if base else Path.home() / ".cache") / "vasot")
