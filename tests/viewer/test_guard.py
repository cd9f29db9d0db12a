from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from made_viewer import Site
from vasot.training.results import RunResults


@pytest.fixture(scope="module")
def site(viewer_run: Path, viewer_results: RunResults) -> Iterator[Site]:
    with Site(viewer_run, viewer_results) as site:
        yield site


PLACES = ("", "api/run", "api/recordings/0/times", "api/alignments/0/1", "videos/0", "static/style.css")


@pytest.mark.parametrize("place", PLACES)
def test_with_the_token_everything_is_there(site: Site, place: str) -> None:
    assert site.ask(place).status == 200


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("token", ["", "wrong", "static", "x" * 43])
def test_without_the_token_nothing_is(site: Site, place: str, token: str) -> None:
    answer = site.ask(place, token=token)
    assert answer.status == 403
    assert b"token" in answer.body


def test_a_part_of_the_token_and_another_one_of_its_length_are_refused(site: Site) -> None:
    token = site.server.token
    other = ("A" if token[0] != "A" else "B") + token[1:]
    for wrong in (token[:-1], token + "A", other):
        assert site.ask("api/run", token=wrong).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "static/../app.py",
        "static/%2e%2e/app.py",
        "static/..%2f..%2fcli/main.py",
        "static//etc/passwd",
        "videos/../config.toml",
        "videos/0/../../config.toml",
        "videos/..%2f..%2fconfig.toml",
        "videos/%2fetc%2fpasswd",
        "config.toml",
        "videos/99",
        "videos/-1",
        "api/recordings/99/times",
    ],
)
def test_a_path_outside_the_run_is_an_error(site: Site, path: str) -> None:
    answer = site.ask(path)
    assert answer.status == 404
    assert b"n_features" not in answer.body
    assert b"import" not in answer.body


def test_a_change_without_the_token_changes_nothing(site: Site) -> None:
    assert site.ask("api/actions/0/name", {"name": "stolen"}, token="wrong").status == 403
    assert not (site.run / "names.toml").exists()


@pytest.mark.parametrize("origin", ["http://example.org", "http://127.0.0.1:1", "null", "https://127.0.0.1:{port}"])
def test_a_page_of_another_site_may_neither_change_nor_read(site: Site, origin: str) -> None:
    origin = origin.format(port=site.server.port)
    assert site.ask("api/actions/0/name", {"name": "stolen"}, origin=origin).status == 403
    assert site.ask("api/run", origin=origin).status == 403
    assert not (site.run / "names.toml").exists()


def test_a_foreign_host_name_that_leads_to_this_machine_is_refused(site: Site) -> None:
    assert site.ask("api/run", host=f"example.org:{site.server.port}").status == 403
    assert site.ask("api/run", host="127.0.0.1").status == 403
    assert site.ask("api/run", host=f"localhost:{site.server.port}").status == 200


def test_a_change_is_json_of_a_few_bytes_and_fits(site: Site) -> None:
    place = "api/actions/0/name"
    assert site.ask(place, {"name": "x"}, content_type="text/plain").status == 415
    assert site.ask(place, {"name": "x" * 70_000}).status == 413
    misfits: tuple[object, ...] = ({}, {"name": 3}, {"name": "x", "more": 1}, [], "name")
    for wrong in misfits:
        assert site.ask(place, wrong).status == 400
    assert not (site.run / "names.toml").exists()


def test_every_answer_forbids_what_the_page_does_not_need(site: Site) -> None:
    for answer in (site.ask(""), site.ask("videos/0"), site.ask("nothing"), site.ask("", token="wrong")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_names_no_other_place_of_the_network() -> None:
    static = Path(__file__).parents[2] / "src" / "vasot" / "viewer" / "static"
    files = [file for file in static.rglob("*") if file.is_file()]
    assert len(files) > 10
    for file in files:
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in "".join(line.split("// ")[0] for line in text.splitlines() if "http" in line), file


def test_the_token_is_long_random_and_in_the_address_only_once(
    site: Site, viewer_run: Path, viewer_results: RunResults
) -> None:
    with Site(viewer_run, viewer_results) as other:
        assert len(site.server.token) >= 43
        assert other.server.token != site.server.token
    assert site.server.address == f"http://127.0.0.1:{site.server.port}/{site.server.token}/"
