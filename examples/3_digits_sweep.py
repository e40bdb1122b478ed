"""A sweep over the learning rate: one parent run, and a child run for each rate.

Shows child runs: each logs its own curves, the parent keeps the best. Takes about ten seconds:

    python examples/3_digits_sweep.py
"""

from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from studio import Experiment, Run, Workspace

RATES = [0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0]
EPOCHS = 60


def train(run: Run, rate: float, parts: list) -> float:
    """Train with this rate; returns the best accuracy on the validation images."""
    x_train, x_valid, y_train, y_valid = parts
    model = MLPClassifier((64,), solver="sgd", momentum=0.9, learning_rate_init=rate, random_state=0)
    best = 0.0
    for epoch in range(EPOCHS):
        model.partial_fit(x_train, y_train, classes=range(10))
        accuracy = model.score(x_valid, y_valid)
        best = max(best, accuracy)
        run.log("loss", model.loss_, step=epoch)
        run.log("valid_loss", log_loss(y_valid, model.predict_proba(x_valid)), step=epoch)
        run.log("valid_accuracy", accuracy, step=epoch)
    run.log("best_accuracy", best)
    return best


def main() -> None:
    """Try each rate in a child run of one sweep."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.3, random_state=1, stratify=labels)
    experiment = Experiment(Workspace.from_config(), "digits-sweep")
    with experiment.start_logging("sweep of the learning rate", params={"epochs": EPOCHS}) as sweep:
        found = {}
        for number, rate in enumerate(RATES):
            with sweep.child_run(f"rate {rate}") as child:
                child.log_params({"learning_rate": rate, "epochs": EPOCHS, "momentum": 0.9})
                child.tag("model", "network")
                found[rate] = train(child, rate, parts)
            print(f"rate {rate}: best accuracy {found[rate]:.4f}")
            sweep.log("best_accuracy", max(found.values()), step=number)
        best = max(found, key=found.__getitem__)
        sweep.tag("best_rate", str(best))
        sweep.log("best_rate", best)
        lines = [f"| {rate} | {accuracy:.4f} |" for rate, accuracy in found.items()]
        sweep.description = "\n".join(["| learning rate | best accuracy |", "|---|---|", *lines])


if __name__ == "__main__":
    main()
