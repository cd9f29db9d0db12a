"""The demo on videos of a few seconds; what it must reach on its own is measured by benchmarks/accuracy/demo.py.

One seed of the real demo trains 50 epochs on four minutes of video, which is too long for a test.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from vasot.cli.demo import DemoScores, run_demo, tell_what_to_do_next
from vasot.cli.demo_folder import DemoFolder
from vasot.cli.main import app
from vasot.datasets.rendered import CLASS_NAMES, RenderSettings
from vasot.errors import RunFolderError
from vasot.training.model import load

TINY_VIDEOS = RenderSettings(n_videos=3, mean_seconds=0.5, rate_hz=10.0, seed=3)
TINY_TRAINING = {
    "epochs": 1,
    "frames_per_clip": 12,
    "radius": 0.1,
    "hidden_sizes": [16],
    "starts": 1,
    "start_rounds": 0,
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoScores]:
    place = tmp_path_factory.mktemp("shown") / "demo"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(place.parent / "cache"))
        return place, run_demo(place, TINY_VIDEOS, training=TINY_TRAINING)


def test_every_file_that_the_demo_speaks_of_is_there(shown: tuple[Path, DemoScores]) -> None:
    place, _ = shown
    labels = (place / "outputs" / "bench_1.labels.txt").read_text().splitlines()
    with (place / "outputs" / "bench_1.segments.csv").open(newline="") as file:
        segments = [
            (int(row["start_frame"]), int(row["end_frame"]), row["action_name"]) for row in csv.DictReader(file)
        ]
    assert [name for start, end, name in segments for _ in range(start, end)] == labels
    with (place / "outputs" / "bench_1_to_bench_2.alignment.csv").open(newline="") as file:
        assert [int(row["frame_x"]) for row in csv.DictReader(file)] == list(range(len(labels)))
    for picture in (place / "outputs" / "bench_1.timeline.png", *(place / "pictures").iterdir()):
        assert imread(picture).std() > 0.05, f"{picture.name} is blank"
    assert {path.name for path in (place / "pictures").iterdir()} == {"timelines.png", "plan.png", "stills.png"}
    assert load(place / "run").config.recordings == ("bench_1", "bench_2", "bench_3")


def test_the_run_has_an_action_for_every_step_and_one_for_background(shown: tuple[Path, DemoScores]) -> None:
    place, scores = shown
    config = load(place / "run").config
    assert scores.segments.n_actions == len(CLASS_NAMES)
    assert config.data.exclude == ("background",)
    assert config.settings.seed == TINY_VIDEOS.seed


def test_all_ordered_pairs_are_aligned_and_compared_with_the_truth(shown: tuple[Path, DemoScores]) -> None:
    _, scores = shown
    assert scores.alignments.n_pairs == 6
    found = scores.alignments
    assert found.unmatched.n_true > 0, "the videos have background"
    assert found.median_seconds is not None
    # Half of the matches are at most that far off: at a second or less, half of them lie within a second.
    assert (found.median_seconds <= 1) == ((found.within[1.0] or 0) >= 0.5)
    assert set(scores.trivial) == {"one_label", "equal_parts", "kmeans"}


def test_the_list_names_all_files_but_the_run_s(shown: tuple[Path, DemoScores]) -> None:
    place, _ = shown
    listed = set((place / "made.txt").read_text().splitlines())
    present = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert listed == {name for name in present - {"made.txt"} if not name.startswith("run/")}


def earlier_demo(path: Path) -> DemoFolder:
    """A folder as a demo leaves it, with one file in each part."""
    place = DemoFolder(path)
    place.make_room(False)
    with place.recorded():
        for file in (place.data / "videos" / "a.mp4", place.outputs / "a.csv", place.pictures / "plan.png"):
            file.parent.mkdir(parents=True)
            file.write_text("made")
    return place


def files(path: Path) -> set[str]:
    return {each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file()}


def test_an_earlier_demo_is_kept_unless_forced(tmp_path: Path) -> None:
    place = earlier_demo(tmp_path / "demo")
    before = files(place.path)
    with pytest.raises(RunFolderError, match="--force"):
        place.make_room(False)
    assert files(place.path) == before
    place.make_room(True)
    assert files(place.path) == {"made.txt"}
    assert not place.data.exists()


def test_force_leaves_what_a_user_put_into_the_folder(tmp_path: Path) -> None:
    place = earlier_demo(tmp_path / "demo")
    own = {"notes.txt", "outputs/mine.csv", "pictures/more/mine.png"}
    for name in own:
        (place.path / name).parent.mkdir(exist_ok=True)
        (place.path / name).write_text("mine")
    place.make_room(True)
    assert files(place.path) == {"made.txt", *own}


def test_force_refuses_a_user_s_video_among_the_rendered_ones(tmp_path: Path) -> None:
    place = earlier_demo(tmp_path / "demo")
    (place.data / "videos" / "mine.mp4").write_text("mine")
    before = files(place.path)
    with pytest.raises(RunFolderError, match=r"mine\.mp4 was not made by the demo"):
        place.make_room(True)
    assert files(place.path) == before


@pytest.mark.parametrize("name", ["../mine.txt", "outputs/../../mine.txt", "outputs/link/mine.txt", "notes.txt"])
def test_force_removes_nothing_outside_the_parts_whatever_the_list_says(tmp_path: Path, name: str) -> None:
    place = earlier_demo(tmp_path / "demo")
    (tmp_path / "mine.txt").write_text("mine")
    (place.path / "notes.txt").write_text("mine")
    (place.outputs / "link").symlink_to(tmp_path, target_is_directory=True)
    with place.made.open("a") as file:
        file.write(f"{name}\n")
    place.make_room(True)
    assert (tmp_path / "mine.txt").read_text() == (place.path / "notes.txt").read_text() == "mine"


def test_force_refuses_a_folder_that_no_demo_made(tmp_path: Path) -> None:
    (tmp_path / "data" / "mapping").mkdir(parents=True)
    (tmp_path / "data" / "mapping" / "mapping.txt").write_text("0 mine\n")
    result = CliRunner().invoke(app, ["demo", "-o", str(tmp_path), "--force"])
    assert result.exit_code == 2
    assert "no demo made" in result.stderr
    assert files(tmp_path) == {"data/mapping/mapping.txt"}


def test_an_interrupted_demo_can_be_replaced(tmp_path: Path) -> None:
    place = DemoFolder(tmp_path / "demo")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(place)
    place.make_room(True)
    assert files(place.path) == {"made.txt"}


def _interrupted(place: DemoFolder) -> None:
    with place.recorded():
        (place.data / "videos").mkdir(parents=True)
        (place.data / "videos" / "a.mp4").write_text("made")
        raise KeyboardInterrupt


def test_the_demo_ends_with_the_viewer_as_the_next_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_what_to_do_next(DemoFolder(tmp_path), [tmp_path / "bench_1.mp4"])
    lines = capsys.readouterr().out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("next")) + 1
    assert lines[first].split() == ["vasot", "view", str(tmp_path / "run")]
