"""``vasot check`` and ``vasot fit`` on videos, as a user calls them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_videos import write_corpus, write_video
from vasot.cli.main import app

TINY = ["--set", "epochs=2", "--set", "frames_per_clip=8", "--set", "radius=0.2", "--set", "hidden_sizes=[8]"]
FEW_STARTS = ["--set", "starts=1", "--set", "start_rounds=0"]


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", str(tmp_path / "cache"))


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def check(folder: Path, *words: object) -> tuple[int, str]:
    result = vasot("check", folder, *words)
    return result.exit_code, result.stdout


def long_corpus(folder: Path) -> Path:
    """Nothing is wrong with it: 2.44, 2.8 and 3.2 s, so 25, 28 and 32 frames at 10 per second."""
    return write_corpus(folder, (61, 70, 80), labels=True)


def test_a_good_folder_has_a_table_a_plan_and_code_0(tmp_path: Path) -> None:
    code, said = check(long_corpus(tmp_path / "data"))
    assert code == 0
    assert "a              2.44       61   25.00        128x32    h264  yes" in said
    assert "data: 3 recordings, 2.4 to 3.2 s, 8 seconds in all, labels for 3 of 3" in said
    assert "nothing is wrong" in said
    assert "would train on 3 recordings, 85 frames at 10 per second, features motion (272 per frame)" in said
    assert "of training" in said
    assert "vasot fit" in said


def test_nothing_is_written_by_a_check_but_hashes(tmp_path: Path) -> None:
    folder = long_corpus(tmp_path / "data")
    before = sorted(folder.rglob("*"))
    check(folder)
    assert sorted(folder.rglob("*")) == before
    assert not list((tmp_path / "cache").rglob("*.npz"))


def damaged(folder: Path) -> str:
    whole = write_video(folder / "whole.mkv", 200, options={"g": "10"})
    (folder / "videos" / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    return "cut.mkv breaks off at "


def variable(folder: Path) -> str:
    write_video(folder / "videos" / "v.mkv", stamps=[0, *range(2, 70), 90])
    return "1 video of variable frame rate: v.mkv"


def short(folder: Path) -> str:
    write_video(folder / "videos" / "s.mp4", 10)
    return "1 recording of fewer than 20 frames: s"


def twin(folder: Path) -> str:
    (folder / "videos" / "z.mp4").write_bytes((folder / "videos" / "a.mp4").read_bytes())
    return "a, z hold the same content"


def far(folder: Path) -> str:
    write_video(folder / "videos" / "l.mp4", 600)
    return "1 recording over 5 times longer or shorter than the median: l"


def no_video(folder: Path) -> str:
    (folder / "videos" / "t.mp4").write_text("text")
    return "t.mp4: is no video that can be read"


def empty_class(folder: Path) -> str:
    (folder / "mapping").mkdir()
    (folder / "mapping" / "mapping.txt").write_text("0 early\n1 late\n2 never\n")
    return "1 class of the mapping without a frame: never"


@pytest.mark.parametrize("fault", [damaged, variable, short, twin, far, no_video, empty_class])
def test_every_fault_is_found_and_named_with_code_1(fault, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = long_corpus(tmp_path / "data")
    said_of_it = fault(folder)
    code, said = check(folder)
    assert code == 1
    assert "warning: " in said
    assert said_of_it in said
    assert "vasot fit would train on" in said


def too_few(folder: Path) -> str:
    for name in "bc":
        (folder / "videos" / f"{name}.mp4").unlink()
    return "has one recording"


def wrong_labels(folder: Path) -> str:
    (folder / "groundTruth" / "a.txt").write_text("early\n" * 59 + "late\n" * 3)
    return "a.mp4 has 61 frames but 62 labels"


def nothing_readable(folder: Path) -> str:
    for path in (folder / "videos").iterdir():
        path.write_text("text")
    return "no video can be read"


def no_folder(folder: Path) -> str:
    folder.rename(folder.with_name("elsewhere"))
    return "there is no such folder"


@pytest.mark.parametrize("fault", [too_few, wrong_labels, nothing_readable, no_folder])
def test_what_fit_cannot_run_on_is_said_with_code_2_and_fit_refuses_it(fault, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = long_corpus(tmp_path / "data")
    said_of_it = fault(folder)
    code, said = check(folder)
    assert code == 2
    assert "error: " in said
    assert said_of_it in said
    assert "cannot run" in said
    refused = vasot("fit", folder, "-k", 2, "-o", tmp_path / "run", *TINY)
    assert refused.exit_code == 2
    assert said_of_it in refused.stderr
    assert not (tmp_path / "run").exists()
    assert not list((tmp_path / "cache").rglob("*.npz"))


def test_a_single_recording_can_be_segmented_alone(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "data", (60,))
    result = vasot("fit", folder, "-k", 2, "-o", tmp_path / "run", "--method", "asot", *TINY, *FEW_STARTS)
    assert result.exit_code == 0, result.output


def test_json_holds_the_table_the_findings_and_the_plan(tmp_path: Path) -> None:
    code, said = check(long_corpus(tmp_path / "data"), "--json")
    facts = json.loads(said)
    assert code == facts["exit_code"] == 0
    assert [row["name"] for row in facts["recordings"]] == ["a", "b", "c"]
    assert facts["recordings"][0]["seconds"] == pytest.approx(2.44)
    assert facts["plan"]["n_frames"] == 85
    assert facts["plan"]["n_features"] == 272
    assert facts["plan"]["extraction_minutes"] > 0
    assert facts["plan"]["training_minutes"] > 0


def test_arrays_are_checked_as_well(tmp_path: Path) -> None:
    import numpy as np

    (tmp_path / "data").mkdir()
    for name in ("a", "b"):
        np.save(tmp_path / "data" / f"{name}.npy", np.ones((30, 4), dtype=np.float32))
    code, said = check(tmp_path / "data")
    assert code == 1
    assert "a, b hold the same content" in said
    assert "features precomputed (4 per frame)" in said


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model trained on videos in ``data``, its features in ``cache``; what was said is in ``said.txt``."""
    folder = tmp_path_factory.mktemp("fit")
    long_corpus(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        result = vasot("fit", folder / "data", "-k", 2, "-o", folder / "run", *TINY, *FEW_STARTS)
    assert result.exit_code == 0, result.output
    (folder / "said.txt").write_text(result.stdout)
    return folder


def test_fit_extracts_trains_and_gives_seconds(run: Path) -> None:
    said = (run / "said.txt").read_text()
    assert "features of 3 recordings extracted" in said
    assert f"{run / 'cache'} keeps" in said
    assert "data: 3 recordings, 25 to 32 frames, 272 features per frame (motion), labels for scoring only" in said
    with (run / "run" / "segments" / "b.segments.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["end_seconds"]) == pytest.approx(2.8)


def test_a_second_fit_extracts_nothing(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", str(run / "cache"))
    monkeypatch.setattr("vasot.features.extraction.FrameReader", None)
    result = vasot("fit", run / "data", "-k", 2, "-o", run / "again", *TINY, *FEW_STARTS)
    assert result.exit_code == 0, result.output
    assert "features of 3 recordings extracted before" in result.stdout
    for name in "abc":
        first, second = (run / folder / "segments" / f"{name}.segments.csv" for folder in ("run", "again"))
        assert first.read_text() == second.read_text()


def test_new_videos_are_segmented_aligned_and_scored_with_seconds(run: Path, tmp_path: Path) -> None:
    new = write_video(tmp_path / 'it\'s "new" ☕.mp4', 50)
    old = run / "data" / "videos" / "a.mp4"
    assert vasot("segment", run / "run", new, "-o", tmp_path / "out").exit_code == 0
    result = vasot("align", run / "run", new, old, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    with (tmp_path / "out" / f"{new.stem}_to_a.alignment.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["seconds_x"]) for row in rows] == pytest.approx([frame / 10 for frame in range(20)])
    scored = vasot("evaluate", run / "run", "--json")
    assert scored.exit_code == 0, scored.output
    assert 0 <= json.loads(scored.stdout)["mof"] <= 1


def test_info_says_what_the_features_of_a_run_take(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VASOT_CACHE", str(run / "cache"))
    about = json.loads(vasot("info", run / "run", "--json").stdout)
    sizes = [path.stat().st_size for path in (run / "cache").rglob("*.npz")]
    assert about["stored_recordings"] == 3
    assert about["stored_bytes"] == about["store_bytes"] == sum(sizes)
    assert "stored        3 recordings" in vasot("info", run / "run").stdout


def test_a_damaged_video_is_named_with_its_second_at_the_end(tmp_path: Path) -> None:
    folder = long_corpus(tmp_path / "data")
    damaged(folder)
    result = vasot("fit", folder, "-k", 2, "-o", tmp_path / "run", *TINY, *FEW_STARTS)
    assert result.exit_code == 0, result.output
    closing = result.stdout[result.stdout.index("trained in") :]
    assert "damaged: 1 video; what comes before the break was used" in closing
    assert "  cut  breaks at " in closing


def test_a_mistyped_name_of_features_is_told_before_anything_is_read(tmp_path: Path) -> None:
    result = vasot("fit", long_corpus(tmp_path / "data"), "-k", 2, "-o", tmp_path / "run", "--features", "motoin")
    assert result.exit_code == 2
    assert "did you mean 'motion'" in result.stderr


@pytest.mark.data
def test_the_push_ups_are_checked(data_root: Path) -> None:
    code, said = check(data_root / "pushups" / "videos")
    assert code == 1
    assert "pushups: 85 recordings, 1.8 to 9.3 s, 5 minutes in all, labels for 85 of 85" in said
    assert "2 recordings of fewer than 20 frames: correct_010, wrong_022" in said
