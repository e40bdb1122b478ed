"""Values that are logged, and the shapes in which they come back."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from studio import Experiment, Run
from studio.client import values
from studio.client.errors import UserErrorException
from tests.client.fake_server import FakeStudio


class Tensor:
    """Stands for a NumPy or PyTorch scalar: known by its `item()` alone."""

    def __init__(self, *inside: Any) -> None:
        self.inside = inside

    def item(self) -> Any:
        if len(self.inside) != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.inside[0]


@pytest.mark.parametrize(
    ("logged", "wire"),
    [
        (0.5, 0.5),
        (3, 3),
        (True, 1),
        (None, "none"),
        ("text", "text"),
        (2**70, float(2**70)),
        (Tensor(0.25), 0.25),
        (Tensor(7), 7),
        (Tensor(True), 1),
        (Decimal("1.5"), 1),
        ({"a": 1}, "{'a': 1}"),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_a_value_becomes_a_number_or_a_text(logged: Any, wire: Any) -> None:
    assert values.scalar(logged) == (wire if not isinstance(logged, Decimal) else 1.5)


@pytest.mark.parametrize("logged", [[1, 2], (1, 2), range(3), (n for n in [1]), Tensor(1, 2)])
def test_a_list_is_refused_with_the_clouds_words(logged: Any) -> None:
    with pytest.raises(
        UserErrorException, match=r"^run\.log does not support list type\. Use run\.log_list instead$"
    ):
        values.scalar(logged)


def test_numpy_scalars_and_arrays_are_understood() -> None:
    numpy = pytest.importorskip("numpy")
    found = [
        values.scalar(kind(3))
        for kind in (numpy.int64, numpy.float32, numpy.uint8, numpy.float64, numpy.bool_)
    ]
    assert found == [3, 3, 3, 3, 1]
    assert all(type(value) in (int, float) for value in found)
    assert values.scalar(numpy.array([[2.5]])) == 2.5
    assert values.scalars(numpy.arange(4).reshape(2, 2)) == [0, 1, 2, 3]
    assert values.scalars(numpy.array([])) == []
    with pytest.raises(UserErrorException):
        values.scalar(numpy.arange(3))


Logger = Callable[[Run], None]
SHAPES: list[tuple[Logger, dict[str, Any]]] = [
    (lambda run: run.log("a", 1.5), {"a": 1.5}),
    (lambda run: [run.log("a", n) for n in (3, 1, 2)], {"a": [3, 1, 2]}),
    (lambda run: run.log_list("a", [4, 5]), {"a": [4, 5]}),
    (lambda run: run.log_list("a", (n * n for n in range(3))), {"a": [0, 1, 4]}),
    (lambda run: run.log_list("a", [7]), {"a": 7}),
    (lambda run: run.log_list("a", []), {"a": []}),
    (lambda run: run.log_row("a", x=1, y=0.5), {"a": {"x": 1, "y": 0.5}}),
    (lambda run: [run.log_row("a", x=n, y=n / 2) for n in range(2)], {"a": {"x": [0, 1], "y": [0.0, 0.5]}}),
    (lambda run: [run.log_row("a", x=1), run.log_row("a", y="b")], {"a": {"x": [1, None], "y": [None, "b"]}}),
    (lambda run: run.log_row("a", "described", x=math.inf, ok=True), {"a": {"x": math.inf, "ok": True}}),
    (lambda run: run.log_table("a", {"x": [1, 2], "y": ["b", None]}), {"a": {"x": [1, 2], "y": ["b", None]}}),
    (lambda run: run.log_table("a", {"x": [1], "y": [2]}), {"a": {"x": [1], "y": [2]}}),
    (
        lambda run: run.log_table("a", {"x": range(3), "y": (n for n in "abc")}),
        {"a": {"x": [0, 1, 2], "y": ["a", "b", "c"]}},
    ),
    (lambda run: run.log_table("a", {}), {"a": {}}),
    (lambda run: run.log("a", "text"), {"a": "text"}),
    (lambda run: run.log("a", None), {"a": "none"}),
    (lambda run: [run.log("a", v) for v in (1.0, math.inf, -math.inf)], {"a": [1.0, math.inf, -math.inf]}),
    (lambda run: [run.log("a", 1, step=n) for n in (5, 9)], {"a": [1, 1]}),
    (lambda run: [run.log("a", 1), run.log("b", 2)], {"a": 1, "b": 2}),
    (lambda run: [run.log("a", 1), run.log("a", "x"), run.log("a", 2)], {"a": [1, "x", 2]}),
    (lambda run: [run.log_list("a", [1]), run.log_list("a", [2, 3])], {"a": [1, 2, 3]}),
    (lambda run: None, {}),
]


@pytest.mark.parametrize(("logger", "shape"), SHAPES)
def test_metrics_come_back_in_the_clouds_shapes(
    experiment: Experiment, logger: Logger, shape: dict[str, Any]
) -> None:
    with experiment.start_logging() as run:
        logger(run)
    assert run.get_metrics() == shape


def test_nan_is_kept(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("loss", math.nan)
    assert studio.values(run.id, "loss") == ["NaN"]
    assert math.isnan(run.get_metrics()["loss"])


def test_one_metric_by_name_and_an_unknown_one(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("a", 1)
        run.log("b", 2)
    assert run.get_metrics("b") == {"b": 2}
    assert run.get_metrics(name="never") == {}


def test_what_was_logged_is_read_back_at_once(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 1)
        assert run.get_metrics() == {"loss": 1}


def test_steps_are_sent_or_left_to_the_studio(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("a", 1, step=Tensor(4).item())
        run.log("a", 2, step=8.0)  # type: ignore[arg-type]
        run.log("b", 3)
        with pytest.raises(UserErrorException, match="A step is a whole number, not 'x'"):
            run.log("b", 4, step="x")  # type: ignore[arg-type]
    steps = {part["name"]: part["step"] for part in studio.metrics[run.id]}
    assert steps == {"a": [4, 8], "b": None}


def test_a_metrics_name_is_text(experiment: Experiment) -> None:
    with (
        experiment.start_logging() as run,
        pytest.raises(UserErrorException, match="The name of a metric is text"),
    ):
        run.log(3, 1.0)  # type: ignore[arg-type]


def test_order_is_kept_over_many_batches(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        for number in range(25_000):
            run.log("loss", number)
            run.log(f"metric {number % 7}", number)
    assert studio.values(run.id, "loss") == list(range(25_000))
    assert studio.values(run.id, "metric 3") == list(range(3, 25_000, 7))


def test_a_value_is_taken_when_it_is_logged(studio: FakeStudio, experiment: Experiment) -> None:
    changing = [1, 2]
    with experiment.start_logging() as run:
        run.log_list("scores", changing)
        changing.append(3)
    assert studio.values(run.id, "scores") == [1, 2]


def test_logging_touches_neither_disk_nor_network(experiment: Experiment) -> None:
    """What `log()` costs is measured in bench/; here its work is counted: one call of `put`, one of `time`."""
    import sys

    run = experiment.start_logging()
    run.log("loss", 0.5)
    called: list[str] = []

    def count(frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            called.append(getattr(argument, "__name__", frame.f_code.co_name))

    sys.setprofile(count)
    run.log("loss", 0.25)
    sys.setprofile(None)
    assert called == ["log", "time", "_put", "put", "qsize", "setprofile"]
    run.complete()
