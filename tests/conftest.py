"""Before any test: array shapes are checked at every call, one thread per worker, the real recordings."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

# Libraries read these once, when they are first imported; subprocesses inherit them.
THREADS = ("MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1") if "PYTEST_XDIST_WORKER" in os.environ else {})
os.environ.update({f"POT_BACKEND_DISABLE_{backend}": "1" for backend in ("CUPY", "JAX", "TENSORFLOW")})
os.environ["MPLBACKEND"] = "Agg"

import jaxtyping
import pytest
from beartype import BeartypeConf, FrozenDict, beartype
from hypothesis import settings

if TYPE_CHECKING:
    from vasot.training.results import RunResults

# Methods are checked one by one, where beartype cannot know which class Self stands for.
check_types = beartype(conf=BeartypeConf(is_pep484_tower=True, hint_overrides=FrozenDict({Self: Any})))

SHAPE_CHECKED = (
    "vasot.annotations",
    "vasot.batching",
    "vasot.comparison",
    "vasot.config",
    "vasot.datasets",
    "vasot.decoding",
    "vasot.deviations",
    "vasot.encoders",
    "vasot.export",
    "vasot.features",
    "vasot.files",
    "vasot.methods",
    "vasot.metrics",
    "vasot.objectives",
    "vasot.report",
    "vasot.selection",
    "vasot.training",
    "vasot.transport.costs",
    "vasot.transport.marginals",
    "vasot.transport.problem",
    "vasot.transport.reference",
    "vasot.transport.solution",
    "vasot.transport.solvers",
    "vasot.transport.structures",
    "vasot.transport.virtual",
    "vasot.types",
    "vasot.video",
    "vasot.viewer",
)
"""Modules, and packages with all that is in them, whose jaxtyping annotations beartype checks at every call.

``vasot.transport`` is listed piece by piece because ``vasot.transport.kernels`` must stay out: numba compiles the
functions there from their source and cannot compile a wrapper.
"""

jaxtyping.install_import_hook(list(SHAPE_CHECKED), f"{__name__}.check_types")

# Examples are the same in every run, so that a failure on one machine is a failure on all.
settings.register_profile("vasot", deadline=None, derandomize=True)
settings.load_profile("vasot")


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real recordings; the test is skipped where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(os.environ.get("VASOT_DATA", default))
    if not root.is_dir():
        pytest.skip(f"no real recordings at {root}; set VASOT_DATA to the folder that holds them")
    return root


@pytest.fixture
def shapes_unchecked() -> Iterator[None]:
    """Call functions as users do: a wrong shape reaches the function's own checks instead of jaxtyping's."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def hears_interrupts() -> Iterator[None]:
    """Let SIGINT interrupt, as in a terminal: a process started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def viewer_results(viewer_run: Path) -> RunResults:
    """The recordings of that run, read once."""
    from vasot.training.results import read_results

    return read_results(viewer_run)


@pytest.fixture(scope="session")
def viewer_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of three rendered videos, for the viewer; copy it before it is changed."""
    from made_viewer import make_run

    folder = tmp_path_factory.mktemp("viewer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        yield make_run(folder)


@pytest.fixture(scope="session")
def shape_checked() -> tuple[str, ...]:
    """The names of the modules and packages whose annotations are checked."""
    return SHAPE_CHECKED


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """``data`` with videos a, b and c, the run ``run`` on a, b and a clip of c, the runs ``arrays`` and ``asot``.

    The last two are on the arrays in ``tables``.
    """
    from made_data import tiny, tiny_data
    from made_videos import write_corpus
    from vasot.datasets.synthetic import write_dataset
    from vasot.training.model import fit

    folder = tmp_path_factory.mktemp("played")
    small: dict[str, Any] = {"epochs": 1, "frames_per_clip": 8, "radius": 0.2, "hidden_sizes": [8]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VASOT_CACHE", str(folder / "cache"))
        write_corpus(folder / "data", (60, 70, 45))
        (folder / "data" / "videos" / "clips.csv").write_text(
            "video,start_seconds,end_seconds,name\na.mp4,,,a\nb.mp4,,,b\nc.mp4,0.3,1.5,middle\n"
        )
        fit(folder / "data" / "videos", actions=2, output=folder / "run", starts=1, start_rounds=0, **small)
        write_dataset(tiny_data(), folder / "tables")
        fit(folder / "tables", output=folder / "arrays", rate_hz=10.0, **tiny())
        fit(folder / "tables", output=folder / "asot", method="asot", **tiny())
        yield folder
