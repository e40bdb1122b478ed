"""The outline of a series, and its line in a table."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.models import Metric
from runs.outline import MOST_PARTS, extended, parts_of
from runs.web.spark import spark
from tests import make

numbers = st.floats(allow_nan=True, allow_infinity=True)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(numbers, min_size=1, max_size=90), min_size=1, max_size=8), st.integers(1, MOST_PARTS)
)
def test_no_least_and_no_greatest_value_is_lost(batches, most):
    outline, values = None, np.array([], dtype=np.float64)
    for batch in batches:
        outline = extended(outline, len(values), np.array(batch))
        values = np.concatenate([values, batch])
    width, parts = parts_of(outline, most)
    assert len(parts) <= most and len(parts) == math.ceil(len(values) / width)
    finite = np.where(np.isfinite(values), values, np.nan)
    for place, (low, high) in enumerate(parts):
        part = finite[place * width : (place + 1) * width]
        part = part[~np.isnan(part)]
        assert (low, high) == (part.min(), part.max()) if len(part) else math.isnan(low) and math.isnan(high)
    assert not re.search("nan|inf", spark(outline, most), re.IGNORECASE)


def test_points_that_arrive_one_by_one_and_together_have_the_same_outline(workspace):
    run = make.run(workspace)
    values = [math.sin(n / 9) for n in range(200)]
    for value in values:
        make.log(run, "single", value)
    make.log(run, "together", *values)
    single, together = Metric.objects.filter(run=run).order_by("pk")
    assert bytes(single.outline) == bytes(together.outline)
    assert parts_of(single.outline) == parts_of(extended(None, 0, np.array(values)))


@pytest.mark.parametrize("values", [[0.5], ["text", "words"], ["text", "words", "more"]])
def test_one_number_and_texts_have_none(workspace, values):
    run = make.run(workspace)
    make.log(run, "loss", *values)
    assert Metric.objects.get(run=run).outline is None


def test_a_series_with_texts_in_it_has_none_any_more(workspace):
    run = make.run(workspace)
    make.log(run, "loss", 1.0, 2.0)
    make.log(run, "loss", "gone")
    make.log(run, "loss", 3.0, 4.0)
    assert Metric.objects.get(run=run).outline is None


def test_what_is_not_finite_is_a_gap():
    outline = extended(None, 0, np.array([1.0, np.nan, 2.0, np.inf, 1.5]))
    assert spark(outline, MOST_PARTS).count("M") == 3
    nothing = extended(None, 0, np.array([np.nan, np.inf]))
    assert spark(nothing, MOST_PARTS) == ""


def test_the_largest_numbers_do_not_leave_the_picture():
    outline = extended(None, 0, np.array([-1.7e308, 1.7e308, 0.0]))
    assert 'd="M0 28h0l48-28l48 14"' in spark(outline, MOST_PARTS)
