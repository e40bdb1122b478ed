"""Ridge regression on the diabetes data: one run for each strength of the penalty.

Shows runs to compare side by side: a parameter, metrics, a tag, a description in Markdown and an uploaded table.
Takes a few seconds:

    python examples/1_diabetes_ridge.py
"""

import csv
import io

from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import cross_val_score, train_test_split

from studio import Experiment, Workspace

ALPHAS = [0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]

DESCRIPTION = """\
**Ridge regression**, alpha = {alpha}

Predicts the progress of diabetes after one year from ten measurements at its beginning
([the data](https://scikit-learn.org/stable/datasets/toy_dataset.html#diabetes-dataset)).

| part | patients |
|---|---|
| training, 5-fold cross-validated | {train} |
| test | {test} |
"""


def table(names: list[str], coefficients: list[float]) -> io.BytesIO:
    """The coefficients as CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([("measurement", "coefficient"), *zip(names, coefficients, strict=True)])
    return io.BytesIO(text.getvalue().encode())


def main() -> None:
    """Train once for each alpha."""
    data = load_diabetes()
    parts = train_test_split(data.data, data.target, test_size=0.25, random_state=0)
    x_train, x_test, y_train, y_test = parts
    experiment = Experiment(Workspace.from_config(), "diabetes-ridge")
    for alpha in ALPHAS:
        text = DESCRIPTION.format(alpha=alpha, train=len(x_train), test=len(x_test))
        params = {"alpha": alpha, "folds": 5}
        with experiment.start_logging(f"alpha {alpha}", description=text, params=params) as run:
            run.tag("model", "ridge")
            folds = cross_val_score(Ridge(alpha=alpha), x_train, y_train, cv=5, scoring="r2")
            run.log_list("fold_r2", folds)
            model = Ridge(alpha=alpha).fit(x_train, y_train)
            predicted = model.predict(x_test)
            run.log("cv_r2", folds.mean())
            run.log("test_r2", model.score(x_test, y_test))
            run.log("test_rmse", root_mean_squared_error(y_test, predicted))
            run.log("test_mae", mean_absolute_error(y_test, predicted))
            run.upload_file("outputs/coefficients.csv", table(data.feature_names, model.coef_))
            print(
                f"alpha {alpha}: R² {folds.mean():.3f} cross-validated, {model.score(x_test, y_test):.3f} on test"
            )


if __name__ == "__main__":
    main()
