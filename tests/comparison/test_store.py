from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from made_data import first, tiny_data
from vasot.comparison.measures import METRICS, Measured
from vasot.comparison.store import Case, Store, content_of
from vasot.errors import DataError

CASE = Case("vasot", "made", "abc", {"all": 3}, (), {"alpha": 0.1, "epochs": 2}, {"alpha": 0.3, "epochs": 2})


def measured(**scores: float) -> Measured:
    return Measured({**dict.fromkeys(METRICS), **scores}, 1.5)


def changed(**settings: Any) -> Case:
    return replace(CASE, settings={**CASE.settings, **settings})


def test_what_was_measured_is_found_again_by_another_process(tmp_path: Path) -> None:
    Store(tmp_path).add(CASE, 3, measured(mof=0.5, tau=-0.25))
    found = Store(tmp_path).find(CASE, 3)
    assert found is not None
    assert (found.scores["mof"], found.scores["tau"], found.scores["f1"], found.fit_seconds) == (0.5, -0.25, None, 1.5)
    assert Store(tmp_path).find(CASE, 4) is None


@pytest.mark.parametrize(
    "other",
    [
        changed(alpha=0.2),
        replace(CASE, method="vaot"),
        replace(CASE, data="gtea"),
        replace(CASE, content="abd"),
        replace(CASE, actions={"all": 4}),
        replace(CASE, exclude=("background",)),
    ],
)
def test_anything_else_is_another_case(tmp_path: Path, other: Case) -> None:
    store = Store(tmp_path)
    store.add(CASE, 0, measured(mof=0.5))
    assert store.find(other, 0) is None


def test_a_setting_that_did_not_exist_then_has_its_default(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(CASE, 0, measured(mof=0.5))
    defaults = {**CASE.defaults, "new": "as before"}
    same = replace(changed(new="as before"), defaults=defaults)
    assert store.find(same, 0) is not None
    assert store.find(replace(changed(new="otherwise"), defaults=defaults), 0) is None


def test_two_processes_keep_each_others_rows(tmp_path: Path) -> None:
    one, other = Store(tmp_path), Store(tmp_path)
    one.add(CASE, 0, measured(mof=0.5))
    other.add(changed(alpha=0.2), 0, measured(mof=0.6))
    one.add(CASE, 1, measured(mof=0.7))
    again = Store(tmp_path)
    assert again.find(CASE, 0)
    assert again.find(CASE, 1)
    assert again.find(changed(alpha=0.2), 0)


def test_what_is_forgotten_is_measured_anew(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(CASE, 0, measured(mof=0.5))
    store.add(changed(alpha=0.2), 0, measured(mof=0.5))
    store.forget([CASE])
    assert Store(tmp_path).find(CASE, 0) is None
    assert Store(tmp_path).find(changed(alpha=0.2), 0) is not None


def test_the_table_says_which_settings_are_not_the_defaults(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(CASE, 0, measured(mof=0.5))
    assert ",vasot,made,alpha=0.1,0,50.000," in store.table.read_text()


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="is no table of vasot compare"):
        Store(tmp_path)


def test_a_missing_list_of_cases_is_a_clear_error(tmp_path: Path) -> None:
    Store(tmp_path).add(CASE, 0, measured(mof=0.5))
    (tmp_path / "cases.json").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        Store(tmp_path)


def test_content_follows_recordings_and_labels_not_the_name_of_the_set() -> None:
    dataset = tiny_data().dataset
    assert content_of(dataset) == content_of(replace(dataset, name="other"))
    assert content_of(dataset) != content_of(first(dataset, 3))
    unlabelled = replace(dataset.recordings[0], labels=None)
    assert content_of(dataset) != content_of(replace(dataset, recordings=(unlabelled, *dataset.recordings[1:])))
