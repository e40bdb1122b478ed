"""A long training, to be cancelled in the browser: ten minutes and more if nobody does.

Shows how a script hears of a cancel and stops in order: it ends its epoch, keeps the model so far and leaves, and the
run is Canceled. (Without `interrupt_on_cancel=False` the studio would end it by a KeyboardInterrupt at once.)

    python examples/5_slow.py
"""

import io
import pickle
import time

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from studio import Experiment, Workspace

EPOCHS = 1500
PARAMS = {"hidden": "512, 256", "learning_rate": 0.00001, "batch_size": 64, "epochs": EPOCHS, "noise": 0.3}


def main() -> None:
    """Train on images with fresh noise in each epoch, until the end or a cancel."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    x_train, x_test, y_train, y_test = parts
    x_train, y_train = np.tile(x_train, (5, 1)), np.tile(y_train, 5)
    random, rate = np.random.default_rng(0), PARAMS["learning_rate"]
    model = MLPClassifier((512, 256), batch_size=64, learning_rate_init=rate, random_state=0)

    experiment = Experiment(Workspace.from_config(), "digits")
    with experiment.start_logging("network on noisy images", params=PARAMS, interrupt_on_cancel=False) as run:
        run.set_tags({"model": "network", "data": "digits with noise"})
        for epoch in range(EPOCHS):
            began = time.perf_counter()
            noise = random.normal(0, PARAMS["noise"], x_train.shape)
            model.partial_fit(x_train + noise, y_train, classes=range(10))
            run.log("train_loss", model.loss_, step=epoch)
            run.log("test_loss", log_loss(y_test, model.predict_proba(x_test)), step=epoch)
            run.log("test_accuracy", model.score(x_test, y_test), step=epoch)
            run.log("epoch_s", time.perf_counter() - began, step=epoch)
            if (epoch + 1) % 10 == 0:
                print(f"epoch {epoch + 1} of {EPOCHS}: loss {model.loss_:.4f}")
            if run.cancel_requested:
                print(f"Cancelled after {epoch + 1} epochs; the model so far is kept.")
                break
        run.upload_file("outputs/model.pickle", io.BytesIO(pickle.dumps(model)))


if __name__ == "__main__":
    main()
