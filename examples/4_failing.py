"""A training that fails in its twentieth epoch: nobody made the folder for its checkpoints.

Shows a failed run: the exception and its trace are kept, and what was logged before them stays. Nothing in the script
cares for that, and the program ends with the exception as it would without a studio. Takes a few seconds:

    python examples/4_failing.py
"""

import joblib
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from studio import Experiment, Workspace

PARAMS = {"epochs": 100, "checkpoint_every": 20, "penalty": 0.001}


def main() -> None:
    """Train, and write a checkpoint now and then."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    x_train, x_test, y_train, y_test = parts
    model = SGDClassifier(loss="log_loss", alpha=PARAMS["penalty"], random_state=0)

    experiment = Experiment(Workspace.from_config(), "digits")
    with experiment.start_logging("linear model with checkpoints", params=PARAMS) as run:
        run.set_tags({"model": "linear", "data": "digits"})
        for epoch in range(1, PARAMS["epochs"] + 1):
            model.partial_fit(x_train, y_train, classes=range(10))
            run.log("train_loss", log_loss(y_train, model.predict_proba(x_train)), step=epoch)
            run.log("test_accuracy", model.score(x_test, y_test), step=epoch)
            print(f"epoch {epoch}: accuracy on test images {model.score(x_test, y_test):.4f}")
            if epoch % PARAMS["checkpoint_every"] == 0:
                joblib.dump(model, f"checkpoints/epoch_{epoch:03}.joblib")


if __name__ == "__main__":
    main()
