from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from made_data import tiny, tiny_data
from made_published import MINIATURES
from made_videos import write_corpus
from vasot.cli.main import app
from vasot.datasets.synthetic import write_dataset
from vasot.training.corrections import save_actions
from vasot.training.model import fit

TINY = ["--set", "epochs=2", "--set", "frames_per_clip=12", "--set", "radius=0.1", "--set", "hidden_sizes=[16]"]
FEW_STARTS = ["--set", "starts=1", "--set", "start_rounds=0"]


def vasot(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with labelled videos in ``data``, a run on them in ``run``, and what was said in ``said.txt``."""
    folder = tmp_path_factory.mktemp("filmed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        write_corpus(folder / "data", (60, 70, 80), labels=True)
        result = vasot("fit", folder / "data", "-k", 2, "-o", folder / "run", *TINY, *FEW_STARTS)
    assert result.exit_code == 0, result.output
    (folder / "said.txt").write_text(result.stdout)
    return folder


@pytest.fixture
def place(filmed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it that may be changed; its run reads the videos of the copy."""
    monkeypatch.setenv("VASOT_CACHE", str(filmed / "cache"))
    shutil.copytree(filmed, tmp_path / "copy")
    config = tmp_path / "copy" / "run" / "config.toml"
    config.write_text(config.read_text().replace(str(filmed), str(tmp_path / "copy")))
    return tmp_path / "copy"


def test_fit_writes_the_report_and_says_where(filmed: Path) -> None:
    assert str(filmed / "run" / "report.html") in (filmed / "said.txt").read_text()
    html = (filmed / "run" / "report.html").read_text()
    assert "What was learned from 3 recordings" in html
    assert html.count("data:image/jpeg;base64,") >= 6
    assert "How does it compare with labels?" in html
    assert len(html) < 1_000_000


def test_report_makes_the_page_again_and_does_not_overwrite_unasked(place: Path, tmp_path: Path) -> None:
    page = place / "run" / "report.html"
    page.write_text("mine")
    refused = vasot("report", place / "run")
    assert refused.exit_code == 2
    assert "exists already" in refused.stderr
    assert page.read_text() == "mine"
    result = vasot("report", place / "run", "-o", tmp_path / "pages" / "a.html")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"3 recordings -> {tmp_path / 'pages' / 'a.html'}\n"
    assert vasot("report", place / "run", "--force").exit_code == 0
    assert "What was learned" in page.read_text()


def test_names_colours_and_merges_of_people_are_on_the_page(place: Path) -> None:
    assert vasot("name", place / "run", 0, "push <up>").exit_code == 0
    save_actions(place / "run" / "corrections", {1: 0}, {0: "#123456"}, 2)
    assert vasot("report", place / "run", "--force").exit_code == 0
    html = (place / "run" / "report.html").read_text()
    assert "0 push &lt;up&gt;" in html
    assert "#123456" in html
    assert "action 1 is now part of 0" in html


def test_a_video_that_was_moved_away_is_named_and_the_page_is_made(place: Path) -> None:
    (place / "data" / "videos" / "b.mp4").unlink()
    result = vasot("report", place / "run", "--force")
    assert result.exit_code == 0, result.output
    html = (place / "run" / "report.html").read_text()
    assert "What was learned from 2 recordings" in html
    assert "is not on this page: b." in html


def test_a_video_that_was_damaged_since_is_told_and_the_page_is_made(place: Path) -> None:
    video = place / "data" / "videos" / "c.mp4"
    video.write_bytes(b"no video any more")
    result = vasot("report", place / "run", "--force")
    assert result.exit_code == 0, result.output
    html = (place / "run" / "report.html").read_text()
    assert "What was learned from 2 recordings" in html
    assert "c.mp4: is no video" in html


def test_recordings_that_are_all_gone_are_an_error_that_says_so(place: Path) -> None:
    shutil.rmtree(place / "data")
    result = vasot("report", place / "run", "--force")
    assert result.exit_code == 2
    assert "no longer in" in result.stderr


def test_a_run_that_only_aligns_has_a_report(tmp_path: Path) -> None:
    write_dataset(tiny_data(3), tmp_path / "data")
    fit(tmp_path / "data", method="vaot", output=tmp_path / "run", **tiny("vaot"))
    result = vasot("report", tmp_path / "run")
    assert result.exit_code == 0, result.output
    html = (tmp_path / "run" / "report.html").read_text()
    assert "It does not cut them into actions" in html
    assert "come back to where they began" in html


def test_every_activity_of_a_data_set_has_a_report(tmp_path: Path) -> None:
    MINIATURES["breakfast"](tmp_path / "data")
    fitted = vasot("fit", tmp_path / "data", "--dataset", "breakfast", "-o", tmp_path / "run", *TINY, *FEW_STARTS)
    assert fitted.exit_code == 0, fitted.output
    pages = sorted(tmp_path.glob("run/*/report.html"))
    assert len(pages) == 2
    pages[0].write_text("old")
    assert vasot("report", tmp_path / "run").exit_code == 2
    refused = vasot("report", tmp_path / "run", "-o", tmp_path / "page.html")
    assert "leave out --output" in refused.stderr
    result = vasot("report", tmp_path / "run", "--force")
    assert result.exit_code == 0, result.output
    assert all("What was learned" in page.read_text() for page in pages)
    assert len(result.stdout.splitlines()) == 2
