"""cvat: "CVAT for video 1.1". CVAT has no segments in time, so each is a track whose box is the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from vasot.export.content import Exporter, Results

__all__ = ["EXPORTER"]


def _write(results: Results, path: Path) -> Sequence[str]:
    (recording,) = results.recordings
    video = recording.shown("cvat")
    size = int(video.frame_times.size)
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    about = {"name": recording.name, "size": size, "mode": "interpolation", "start_frame": 0, "stop_frame": size - 1}
    for key, value in about.items():
        ElementTree.SubElement(task, key).text = str(value)
    labels = ElementTree.SubElement(task, "labels")
    for action, name in enumerate(recording.action_names):
        label = ElementTree.SubElement(labels, "label")
        ElementTree.SubElement(label, "name").text = name
        if action in recording.colours:
            ElementTree.SubElement(label, "color").text = recording.colours[action]
    shape = ElementTree.SubElement(task, "original_size")
    ElementTree.SubElement(shape, "width").text = str(video.width)
    ElementTree.SubElement(shape, "height").text = str(video.height)
    for number, (start, end, span) in enumerate(recording.timed("cvat")):
        track = ElementTree.SubElement(root, "track", id=str(number), label=span.name, source="auto")
        first, behind = video.frame_at(start / 1000), video.frame_at(end / 1000)
        _box(track, first, False, video.width, video.height)
        # A track goes on until a box that is "outside".
        if behind < size:
            _box(track, behind, True, video.width, video.height)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return ()


def _box(track: ElementTree.Element, frame: int, outside: bool, width: int, height: int) -> None:
    corners = {"xtl": "0.00", "ytl": "0.00", "xbr": f"{width}.00", "ybr": f"{height}.00"}
    state = {"frame": str(frame), "keyframe": "1", "outside": str(int(outside)), "occluded": "0", "z_order": "0"}
    ElementTree.SubElement(track, "box", {**state, **corners})


EXPORTER = Exporter(".cvat.xml", _write)
