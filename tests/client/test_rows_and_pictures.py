"""Rows, tables, pictures and the documents that are drawn as charts, against the real server."""

import json
import math
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, Run, Workspace
from studio.client.charts import chart_document
from studio.client.errors import UserErrorException
from studio.client.pictures import drawn
from tests.client.fake_server import FakeStudio
from tests.client.test_metrics import SHAPES, Logger

CONFUSION = {
    "schema_type": "confusion_matrix",
    "schema_version": "1.0.0",
    "data": {"class_labels": ["0", "1"], "matrix": [[3, 1], [0, 2]]},
}


@pytest.fixture
def run(live_studio: Any) -> Iterator[Run]:
    workspace = Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )
    with Experiment(workspace, "rows").start_logging(capture_console=False) as run:
        yield run


@pytest.mark.parametrize(("logger", "shape"), SHAPES)
def test_the_real_server_gives_the_same_shapes(run: Run, logger: Logger, shape: dict[str, Any]) -> None:
    logger(run)
    assert run.get_metrics() == shape


def test_whole_numbers_stay_whole(run: Run) -> None:
    run.log("epoch", 3)
    run.log("epoch", 4)
    run.log("loss", 1.0)
    run.log("mixed", 1)
    run.log("mixed", 0.5)
    run.log_row("row", n=1, x=1.0)
    found = run.get_metrics()
    assert json.dumps(found["epoch"]) == "[3, 4]"
    assert (
        json.dumps([found["loss"], found["mixed"], found["row"]]) == '[1.0, [1.0, 0.5], {"n": 1, "x": 1.0}]'
    )


def test_numpys_int64_is_a_number_in_rows_too(run: Run) -> None:
    numpy = pytest.importorskip("numpy")
    run.log_row("row", n=numpy.int64(3), x=numpy.float32(0.5))
    run.log_table("table", {"n": numpy.arange(2), "x": [numpy.float64("nan"), 1]})
    found = run.get_metrics()
    assert found["row"] == {"n": 3, "x": 0.5}
    assert found["table"]["n"] == [0, 1]
    assert math.isnan(found["table"]["x"][0])


def test_rows_with_lists_and_uneven_columns_are_refused_in_the_clouds_words(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        with pytest.raises(
            UserErrorException, match=r"^Rows cannot contain list values, column y contains a list\.$"
        ):
            run.log_row("row", x=1, y=[2])
        with pytest.raises(
            UserErrorException,
            match=r"^Columns must have the same length, column x had length 2, however, column y had length 1\.$",
        ):
            run.log_table("table", {"x": [1, 2], "y": [1]})
        with pytest.raises(UserErrorException, match=r"needs \{column: values\}"):
            run.log_table("table", [1, 2])  # type: ignore[arg-type]


def test_one_name_holds_one_family(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.log("a", 1)
    run.log_row("a", x=1)
    run.log("b", 2)
    assert run.get_metrics() == {"a": 1, "b": 2}
    assert "holds values; rows need another name" in capsys.readouterr().err


def test_a_long_table_is_sent_in_batches_and_read_whole(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log_table("a", {"n": range(9_000)})
    assert [len(part["value"]) for part in studio.metrics[run.id]] == [4000, 4000, 1000]
    assert run.get_metrics() == {"a": {"n": list(range(9_000))}}


def test_an_image_of_a_path_keeps_its_name(run: Run, home: Path) -> None:
    (home / "plots").mkdir()
    (home / "plots" / "a.png").write_bytes(drawn_pixel())
    run.log_image("curve", path="plots/a.png")
    assert run.get_metrics() == {"curve": f"studio://artifactId/ExperimentRun/dcid.{run.id}/plots/a.png"}
    found = run.get_metrics("curve", populate=True)["curve"]
    assert (found.path, found.content) == ("plots/a.png", drawn_pixel())


def test_an_image_of_a_plot_is_drawn(run: Run) -> None:
    class Figure:
        def savefig(self, target: BytesIO, format: str) -> None:
            target.write(drawn_pixel() if format == "png" else b"")

    class Axes:
        def get_figure(self) -> Figure:
            return Figure()

    run.log_image("a/figure", plot=Figure())
    run.log_image("axes", plot=Axes())
    names = run.get_file_names()
    assert [name.split("_")[0] for name in names] == ["a/figure", "axes"]
    with pytest.raises(UserErrorException, match="both provided"):
        run.log_image("x", path="a.png", plot=Figure())
    with pytest.raises(UserErrorException, match="one of path and plot is required"):
        run.log_image("x")
    with pytest.raises(UserErrorException, match="not int"):
        run.log_image("x", plot=3)
    with pytest.raises(UserErrorException, match=r"There is no file nowhere\.png"):
        run.log_image("x", path="nowhere.png")


def drawn_pixel() -> bytes:
    """A white PNG of one pixel, from an array that needs no NumPy."""

    class Number:
        kind = "u"

    class Pixels:
        shape, dtype = (1, 1), Number

        def min(self) -> int:
            return 255

        max = min

        def astype(self, _kind: str) -> "Pixels":
            return self

        def tobytes(self) -> bytes:
            return b"\xff"

        def __array__(self) -> None: ...

    return drawn(Pixels())


def test_a_png_is_what_it_says() -> None:
    picture = drawn_pixel()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", picture[16:26])
    assert (width, height, depth, colour) == (1, 1, 8, 0)
    at = picture.index(b"IDAT")
    length = struct.unpack(">I", picture[at - 4 : at])[0]
    assert zlib.decompress(picture[at + 4 : at + 4 + length]) == b"\x00\xff"


def test_arrays_become_pictures() -> None:
    numpy = pytest.importorskip("numpy")
    assert drawn(numpy.full((2, 3), 255, dtype="uint8")) == drawn(numpy.ones((2, 3)))
    assert drawn(numpy.ones((2, 3), dtype=bool)) == drawn(numpy.ones((2, 3, 1)))
    assert drawn(numpy.zeros((2, 2, 3)))[25] == 2
    assert drawn(numpy.zeros((2, 2, 4), dtype=int))[25] == 6
    for wrong in (
        numpy.zeros((2, 2, 5)),
        numpy.zeros(4),
        numpy.full((1, 1), 300),
        numpy.full((1, 1), numpy.nan),
    ):
        with pytest.raises(UserErrorException):
            drawn(wrong)


def test_documents_are_files_and_metrics(run: Run) -> None:
    run.log_confusion_matrix("confusion", CONFUSION)
    run.log_residuals("residuals", json.dumps({"bin_edges": [0, 1, 2], "bin_counts": [3, 4]}))
    run.log_predictions(
        "predictions", {"bin_averages": [1], "bin_errors": [0.1], "bin_counts": [9], "bin_edges": [0, 1]}
    )
    table = {"probability_tables": [[[1, 0, 1, 0]]], "percentile_tables": [[[1, 0, 1, 0]]]}
    thresholds = {"probability_thresholds": [0.5], "percentile_thresholds": [0.5], "class_labels": ["a"]}
    run.log_accuracy_table("accuracy", table | thresholds)
    found = run.get_metrics(populate=True)
    assert set(found) == {"confusion", "residuals", "predictions", "accuracy"}
    assert json.loads(found["confusion"].content) == CONFUSION
    assert json.loads(found["accuracy"].content)["schema_version"] == "1.0.1"


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("confusion_matrix", "{", "^Invalid JSON provided$"),
        ("confusion_matrix", 3, "not int"),
        ("confusion_matrix", {"data": {"matrix": []}}, "lacks class_labels"),
        ("confusion_matrix", {"class_labels": ["a"], "matrix": [[1, 2]]}, "1 rows of 1 numbers"),
        ("residuals", CONFUSION, "'residuals' is needed here"),
        (
            "residuals",
            {"bin_edges": [0, 1], "bin_counts": [1, 2]},
            "bin_counts has 2 values; bin_edges ask for 1",
        ),
        ("residuals", {"bin_edges": 3, "bin_counts": [1]}, "bin_edges is a list"),
        ("predictions", {"data": 4}, "Under data stands"),
        ("residuals", {"bin_edges": object(), "bin_counts": []}, "object has no JSON"),
    ],
)
def test_a_wrong_document_is_refused(kind: str, value: Any, says: str) -> None:
    with pytest.raises(UserErrorException, match=says):
        chart_document(kind, value)


def test_a_picture_waits_when_the_studio_is_away(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        studio.misbehave("drop")
        run.log_confusion_matrix("confusion", CONFUSION)
        studio.come_back()
        assert run.get_metrics() == {
            "confusion": f"studio://artifactId/ExperimentRun/dcid.{run.id}/confusion"
        }
    assert json.loads(studio.files[run.id, "confusion"]) == CONFUSION


def test_images_have_steps_and_each_step_keeps_its_own_picture(
    studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    with experiment.start_logging() as run:
        for step in (10, 20, 30):
            (home / "curve.png").write_bytes(drawn_pixel() + bytes([step]))
            run.log_image("curve", path="curve.png", step=step)
    series = studio.metrics[run.id]
    assert [step for each in series for step in each["step"]] == [10, 20, 30]
    files = [file for each in series for file in each["value"]]
    assert files == ["curve.png", "curve_1.png", "curve_2.png"] and set(files) <= set(run.get_file_names())
