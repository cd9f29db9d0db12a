from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from made_videos import HEIGHT, N_BITS, WIDTH, heard_in, numbered, write_sounding_video, write_video
from vasot.decoding import follow
from vasot.errors import DataError, RunFolderError, SettingsError, VasotError
from vasot.report.palette import run_styles
from vasot.report.panels import GAP, Label, Panel, Take
from vasot.report.side_by_side import Follower, check_output, make_take, save_side_by_side
from vasot.types import UNMATCHED, Alignment, Segmentation
from vasot.video.probe import frame_times, probe
from vasot.video.reader import FrameReader
from vasot.video.sampling import shown_at

PICTURE = 64
LINE = 16
FIELD = PICTURE * WIDTH // HEIGHT


@dataclass(frozen=True, eq=False)
class Pair:
    """A leader, a follower, and when the leader's frames are shown."""

    leader: Take
    follower: Follower

    @property
    def alignment(self) -> Alignment:
        return self.follower.alignment


def number_in(picture: np.ndarray) -> int:
    """The number that a picture shows, dimmed or not: a bit is set where its block is lighter above than below."""
    height, width = picture.shape[:2]
    above, below = (rows.mean(axis=(0, 2)) for rows in (picture[: height // 4], picture[-height // 4 :]))
    lighter = above > below
    return sum(int(lighter[(2 * bit + 1) * width // (2 * N_BITS)]) << bit for bit in range(N_BITS))


def any_path(n: int, m: int, seed: int) -> np.ndarray:
    """A random monotone path with long waits and long hurries."""
    generator = np.random.default_rng(seed)
    steps = [(0, 0)]
    while steps[-1] != (n - 1, m - 1):
        i, j = steps[-1]
        step, length = [(1, 0), (0, 1), (1, 1)][generator.integers(3)], int(generator.integers(1, 6))
        for _ in range(length):
            i, j = min(i + step[0], n - 1), min(j + step[1], m - 1)
            if (i, j) != steps[-1]:
                steps.append((i, j))
    return np.array(steps)


def aligned(times_x: np.ndarray, times_y: np.ndarray, path: np.ndarray, alone: Sequence[int] = ()) -> Alignment:
    n, m = times_x.size, times_y.size
    matches = np.zeros(n, dtype=np.int64)
    matches[path[:, 0]] = path[:, 1]
    matches[list(alone)] = UNMATCHED
    return Alignment("x", "y", matches, np.ones(n), path, np.zeros((n, m)), np.zeros(m, dtype=bool), times_x, times_y)


def pair(x: Path, y: Path, seed: int = 0, fps: float = 10.0, start: float = 0.0, end: float | None = None) -> Pair:
    """Two videos, sampled as recordings are, along a random path; the leader is a clip where an end is given."""
    last = probe(x).duration_seconds if end is None else end
    times_x = start + np.arange(max(1, int(np.ceil((last - start) * fps - 1e-6)))) / fps
    times_y = np.arange(max(1, int(np.ceil(probe(y).duration_seconds * fps - 1e-6)))) / fps
    path = any_path(times_x.size, times_y.size, seed)
    return Pair(
        make_take("leader", x, times_x), Follower(make_take("follower", y, times_y), aligned(times_x, times_y, path))
    )


def shown_numbers(video: Path, n_panels: int = 2) -> np.ndarray:
    """(frames, panels) the numbers in the pictures of a written video."""
    found = []
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            image = frame.to_ndarray(format="rgb24")
            rows = image[LINE : LINE + PICTURE]
            found.append([number_in(rows[:, panel * (FIELD + GAP) :][:, :FIELD]) for panel in range(n_panels)])
    return np.array(found)


def expected_numbers(given: Pair, output: Path) -> np.ndarray:
    """(frames, 2) what should be seen at each instant of the written video, said by the path alone."""
    at = frame_times(output) + given.leader.start_seconds
    alignment = given.alignment
    assert alignment.times_x is not None
    assert alignment.times_y is not None
    ends = (given.leader.end_seconds, given.follower.take.end_seconds)
    there = follow(alignment.path, alignment.times_x, alignment.times_y, at, ends)
    return np.stack(
        [
            shown_at(frame_times(given.leader.video), at),
            shown_at(frame_times(given.follower.take.video), there),
        ],
        axis=1,
    )


def write(given: Pair, output: Path, **choices: object) -> list[str]:
    return save_side_by_side(given.leader, [given.follower], output, height=PICTURE, **choices)  # type: ignore[arg-type]


def uneven(n_frames: int, seed: int) -> list[int]:
    """Time stamps in milliseconds of a camera that cannot keep its rate."""
    return [int(stamp) for stamp in np.cumsum(np.r_[0, np.random.default_rng(seed).integers(15, 90, n_frames - 1)])]


def assert_in_step(given: Pair, output: Path) -> None:
    shown, expected = shown_numbers(output), expected_numbers(given, output)
    np.testing.assert_array_equal(shown[:, 0], expected[:, 0])
    # At the very instant where a frame changes, either side of the change is right.
    assert np.abs(shown[:, 1] - expected[:, 1]).max() <= 1
    assert (shown[:, 1] == expected[:, 1]).mean() > 0.97


@pytest.mark.parametrize("seed", [0, 1])
def test_the_follower_shows_the_frame_that_the_path_says(seed: int, tmp_path: Path) -> None:
    given = pair(write_video(tmp_path / "a.mp4", 100), write_video(tmp_path / "b.mp4", 130), seed)
    assert write(given, tmp_path / "out.mp4") == []
    assert len(frame_times(tmp_path / "out.mp4")) == 100
    assert_in_step(given, tmp_path / "out.mp4")


def test_the_leader_keeps_its_own_times_at_a_variable_rate(tmp_path: Path) -> None:
    x = write_video(tmp_path / "a.mkv", stamps=uneven(90, 1), time_base=Fraction(1, 1000))
    y = write_video(tmp_path / "b.mkv", stamps=uneven(110, 2), time_base=Fraction(1, 1000))
    given = pair(x, y, seed=3)
    write(given, tmp_path / "out.mp4")
    np.testing.assert_allclose(frame_times(tmp_path / "out.mp4"), frame_times(x), atol=2e-5)
    assert_in_step(given, tmp_path / "out.mp4")


def test_a_clip_begins_and_ends_where_it_does(tmp_path: Path) -> None:
    given = pair(write_video(tmp_path / "a.mp4", 200), write_video(tmp_path / "b.mp4", 100), 4, start=2.5, end=5.7)
    write(given, tmp_path / "out.mp4")
    assert_in_step(given, tmp_path / "out.mp4")
    numbers = shown_numbers(tmp_path / "out.mp4")[:, 0]
    # The clip starts between two frames, at 2.5 s: frame 62 is on the screen until 2.52 s.
    assert numbers.tolist() == list(range(62, 143))
    assert probe(tmp_path / "out.mp4").duration_seconds == pytest.approx(3.2, abs=0.05)


def test_a_clip_that_follows_never_shows_what_lies_outside_it(tmp_path: Path) -> None:
    x, y = write_video(tmp_path / "a.mp4", 100), write_video(tmp_path / "b.mp4", 200)
    times_x, times_y = np.arange(40) / 10, 3.0 + np.arange(20) / 10
    follower = Follower(make_take("b", y, times_y), aligned(times_x, times_y, any_path(40, 20, 5)))
    save_side_by_side(make_take("a", x, times_x), [follower], tmp_path / "out.mp4", height=PICTURE)
    shown = shown_numbers(tmp_path / "out.mp4")[:, 1]
    assert shown[0] == 75
    assert 115 < shown[-1] <= 124
    assert (np.diff(shown) >= 0).all()


def odd_video(path: Path, pixel_format: str, codec: str = "ffv1") -> Path:
    """A numbered video of odd size."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH - 1, HEIGHT + 1, pixel_format
        for number in range(60):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame = frame.reformat(WIDTH - 1, HEIGHT + 1, pixel_format)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_odd_sizes_grey_and_ten_bit_pictures_are_shown(tmp_path: Path) -> None:
    x = odd_video(tmp_path / "a.mkv", "gray")
    y = write_video(tmp_path / "b.mp4", 80, pixel_format="yuv420p10le", options={"crf": "10"})
    given = pair(x, y, seed=6)
    output = tmp_path / "out.mp4"
    write(given, output)
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.width % 2 == stream.height % 2 == 0
        image = next(container.decode(video=0)).to_ndarray(format="rgb24")
    width = round(PICTURE * (WIDTH - 1) / (HEIGHT + 1))
    assert number_in(image[LINE : LINE + PICTURE, :width]) == 0
    assert (
        number_in(image[LINE : LINE + PICTURE, width + GAP : width + GAP + FIELD])
        == expected_numbers(given, output)[0, 1]
    )


def test_a_video_that_is_to_be_turned_stands_upright(tmp_path: Path) -> None:
    x, y = write_video(tmp_path / "a.mp4", 30), write_video(tmp_path / "b.mp4", 30)
    data = bytearray(y.read_bytes())
    struct.pack_into(">9i", data, data.index(b"tkhd") + 44, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    y.write_bytes(data)
    given = pair(x, y)
    assert given.follower.take.aspect == HEIGHT / WIDTH
    save_side_by_side(given.leader, [given.follower], tmp_path / "out.mp4", height=128)
    image = next(iter(FrameReader(tmp_path / "out.mp4"))).images[0]
    panel = Panel(given.follower.take, 128)
    left = 512 + GAP + (panel.width - 32) // 2
    turned = image[LINE : LINE + 128, left : left + 32]
    assert number_in(np.rot90(turned, 1)) == 0


def test_frames_without_counterpart_dim_the_follower_only(tmp_path: Path) -> None:
    given = pair(write_video(tmp_path / "a.mp4", 50), write_video(tmp_path / "b.mp4", 50))
    alignment = given.alignment
    assert alignment.times_x is not None
    assert alignment.times_y is not None
    lacking = aligned(alignment.times_x, alignment.times_y, alignment.path, alone=range(5, 10))
    save_side_by_side(given.leader, [Follower(given.follower.take, lacking)], tmp_path / "out.mp4", height=PICTURE)
    light = np.array(
        [
            [
                image[LINE : LINE + PICTURE, left : left + FIELD].max(initial=0, axis=(0, 2)).mean()
                for left in (0, FIELD)
            ]
            for image in FrameReader(tmp_path / "out.mp4").shown_at(np.arange(50) / 25)
        ]
    )
    # Sampled frames 5 to 9 are those from 0.5 s up to 1 s.
    dimmed = np.arange(50)[light[:, 1] < 0.7 * np.median(light[:, 1])]
    assert dimmed.tolist() == list(range(13, 25))
    assert light[:, 0].min() > 0.9 * light[:, 0].max()


def test_three_recordings_stand_in_the_layout_asked_for(tmp_path: Path) -> None:
    videos = [write_video(tmp_path / f"{name}.mp4", 25) for name in "abc"]
    pairs = [pair(videos[0], other) for other in videos[1:]]
    followers = [each.follower for each in pairs]
    sizes = {}
    for layout in ("side-by-side", "stacked", "grid"):
        save_side_by_side(pairs[0].leader, followers, tmp_path / f"{layout}.mp4", layout=layout, height=PICTURE)
        facts = probe(tmp_path / f"{layout}.mp4")
        sizes[layout] = (facts.width, facts.height)
    high = PICTURE + 3 * LINE
    assert sizes == {
        "side-by-side": (3 * FIELD + 2 * GAP, high),
        "stacked": (FIELD, 3 * high + 2 * GAP),
        "grid": (2 * FIELD + GAP, 2 * high + GAP),
    }


def atoms(path: Path) -> list[bytes]:
    """The names of a file's outermost boxes, in order."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if size == 1:
            size = struct.unpack_from(">Q", data, at + 8)[0]
        found.append(name)
        at += size or len(data)
    return found


def test_the_video_plays_while_it_loads_and_has_the_leaders_sound(tmp_path: Path) -> None:
    write_sounding_video(tmp_path / "a.mp4", 75, "libx264", "aac")
    write_sounding_video(tmp_path / "b.mp4", 50, "libx264", "libmp3lame")
    given = pair(tmp_path / "a.mp4", tmp_path / "b.mp4")
    write(given, tmp_path / "out.mp4")
    order = atoms(tmp_path / "out.mp4")
    assert order.index(b"moov") < order.index(b"mdat")
    before, after = heard_in(tmp_path / "a.mp4", 3.2), heard_in(tmp_path / "out.mp4", 3.2)
    assert before[1] == after[1] == "aac"
    np.testing.assert_array_equal(after[0], before[0])


def test_names_in_any_script_are_drawn(tmp_path: Path) -> None:
    x, y = write_video(tmp_path / "a.mp4", 10), write_video(tmp_path / "b.mp4", 10)
    names = ("Schraube anziehen", "木ねじ\n締める 🔩 العربية \x07")
    segmentation = Segmentation("a", np.array([0, 0, 1, 1]), np.ones(4), 2, names, np.arange(4) / 10)
    times = np.arange(4) / 10
    leader = make_take("परीक्षण/" + "very long " * 30, x, times, segmentation)
    follower = Follower(make_take("", y, times), aligned(times, times, np.stack([np.arange(4)] * 2, axis=1)))
    save_side_by_side(leader, [follower], tmp_path / "out.mp4", height=PICTURE)
    images = list(FrameReader(tmp_path / "out.mp4").shown_at([0.0, 0.3]))
    captions = [image[LINE + PICTURE : 2 * LINE + PICTURE, : FIELD - 4].astype(int) for image in images]
    assert all(caption[:, 2 * LINE :].max() > 200 for caption in captions)
    # The two actions have different colours.
    assert np.abs(captions[0][:, 8:LINE].mean((0, 1)) - captions[1][:, 8:LINE].mean((0, 1))).max() > 40


def test_actions_have_the_looks_that_they_have_everywhere(tmp_path: Path) -> None:
    names = ("lift", "background", "lower")
    times = np.arange(6) / 10
    segmentation = Segmentation("a", np.array([0, 0, 1, 1, 2, 2]), np.ones(6), 3, names, times)
    take = make_take("a", write_video(tmp_path / "a.mp4", 15), times, segmentation, {2: "#123456"})
    assert [label.colour for label in take.labels] == [s.colour for s in run_styles(names, {2: "#123456"})]


def test_stretches_that_match_nothing_are_striped_on_the_bar(tmp_path: Path) -> None:
    times = np.arange(10) / 10
    take = Take("a", tmp_path, 0.0, 1.0, 4.0, unmatched=((0.5, 1.0),))
    panel = Panel(take, PICTURE)
    field = np.zeros((panel.height, panel.width, 3), dtype=np.uint8)
    panel.draw(field, np.zeros((PICTURE, FIELD, 3), dtype=np.uint8), float(times[0]))
    bar = field[-LINE // 2, 10:, 0].astype(int)
    changes = np.flatnonzero(np.diff(bar)) + 10
    assert changes.size > 8
    assert (changes >= FIELD // 2 - 2).all()


def test_a_panel_keeps_nothing_of_the_frames_it_has_drawn(tmp_path: Path) -> None:
    panel = Panel(Take("a", tmp_path, 0.0, 100.0, 4.0, (Label(0.0, 100.0, "reach", "#0072B2"),)), PICTURE)
    field = np.zeros((panel.height, panel.width, 3), dtype=np.uint8)
    image = np.zeros((PICTURE, FIELD, 3), dtype=np.uint8)
    panel.draw(field, image, 0.0, matched=False)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for tenth in range(0, 1000, 5):
        panel.draw(field, image, tenth / 10, matched=tenth % 2 == 0)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    # A time is a picture of a few kilobytes, and there are two hundred of them.
    assert grown < 100_000


def test_nothing_is_left_of_a_video_that_cannot_be_finished(tmp_path: Path) -> None:
    given = pair(write_video(tmp_path / "a.mp4", 30), write_video(tmp_path / "b.mp4", 30))

    def interrupt(n_done: int, _: int) -> None:
        if n_done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(given, tmp_path / "out.mp4", on_progress=interrupt)
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "b.mp4"}


def test_progress_counts_the_frames_to_write(tmp_path: Path) -> None:
    given = pair(write_video(tmp_path / "a.mp4", 30), write_video(tmp_path / "b.mp4", 20))
    seen: list[tuple[int, int]] = []
    write(given, tmp_path / "out.mp4", on_progress=lambda done, all_: seen.append((done, all_)))
    assert seen == [(count, 30) for count in range(1, 31)]


def test_what_cannot_be_written_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"written as \.mp4"):
        check_output(tmp_path / "out.avi", "grid")
    with pytest.raises(SettingsError, match="did you mean 'stacked'"):
        check_output(tmp_path / "out.mp4", "stack")
    with pytest.raises(VasotError, match="is a file"):
        check_output(tmp_path / "file" / "out.mp4", "grid")
    given = pair(write_video(tmp_path / "a.mp4", 30), write_video(tmp_path / "b.mp4", 20))
    with pytest.raises(SettingsError, match="players take"):
        save_side_by_side(given.leader, [given.follower], tmp_path / "out.mp4", height=2000)
    (tmp_path / "out.mp4").write_text("precious")
    with pytest.raises(RunFolderError):
        write(given, tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_text() == "precious"


def test_an_alignment_without_times_cannot_be_played(tmp_path: Path) -> None:
    x = write_video(tmp_path / "a.mp4", 10)
    take = make_take("a", x, np.arange(4) / 10)
    flat = Alignment("x", "y", np.arange(4), np.ones(4), np.stack([np.arange(4)] * 2, 1), np.eye(4), np.zeros(4, bool))
    with pytest.raises(DataError, match="no times"):
        save_side_by_side(take, [Follower(take, flat)], tmp_path / "out.mp4")
