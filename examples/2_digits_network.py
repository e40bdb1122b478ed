"""A small network learns handwritten digits, epoch by epoch.

Shows a run that moves while one looks: loss and accuracy of each epoch, the lines that it prints, pictures of what the
network looks at, and at the end a confusion matrix, a report and the model as files. Takes about a minute:

    python examples/2_digits_network.py
"""

import io
import pickle

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from studio import Experiment, Workspace

EPOCHS = 150
PARAMS = {"hidden": "256, 128", "learning_rate": 0.0002, "batch_size": 32, "epochs": EPOCHS, "seed": 0}


def with_shifts(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The images, shape (n, 64), and each of them moved by a pixel to all four sides: shape (5 n, 64)."""
    squares = images.reshape(-1, 8, 8)
    moved = [np.roll(squares, step, axis) for step in (1, -1) for axis in (1, 2)]
    return np.concatenate([squares, *moved]).reshape(-1, 64), np.tile(labels, 5)


def attention(model: MLPClassifier) -> np.ndarray:
    """How much each pixel weighs in the first layer, as a picture of 160 by 160 shades from 0 to 1."""
    weight = np.abs(model.coefs_[0]).mean(axis=1).reshape(8, 8)
    return np.kron((weight - weight.min()) / np.ptp(weight), np.ones((20, 20)))


def confusion(true: np.ndarray, predicted: np.ndarray) -> dict:
    """The confusion matrix as the studio draws it."""
    return {"class_labels": [str(digit) for digit in range(10)], "matrix": confusion_matrix(true, predicted)}


def main() -> None:
    """Train, and log what each epoch brought."""
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images / 16, labels, test_size=0.25, random_state=0, stratify=labels)
    x_train, x_test, y_train, y_test = parts
    x_train, y_train = with_shifts(x_train, y_train)
    rate = PARAMS["learning_rate"]
    model = MLPClassifier((256, 128), batch_size=32, learning_rate_init=rate, random_state=0)

    experiment = Experiment(Workspace.from_config(), "digits")
    with experiment.start_logging("network with shifted images", params=PARAMS) as run:
        run.set_tags({"model": "network", "data": "digits"})
        run.add_properties({"train_images": len(x_train), "test_images": len(x_test)})
        for epoch in range(EPOCHS):
            model.partial_fit(x_train, y_train, classes=range(10))
            chances = model.predict_proba(x_test)
            accuracy = float((chances.argmax(axis=1) == y_test).mean())
            run.log("train_loss", model.loss_, step=epoch)
            run.log("test_loss", log_loss(y_test, chances), step=epoch)
            run.log("test_accuracy", accuracy, step=epoch)
            if epoch % 10 == 0:
                run.log_image("attention", plot=attention(model), step=epoch)
            print(f"epoch {epoch + 1:3} of {EPOCHS}: loss {model.loss_:.4f}, test accuracy {accuracy:.4f}")

        predicted = model.predict(x_test)
        run.log_confusion_matrix("confusion", confusion(y_test, predicted))
        report = (
            f"{classification_report(y_test, predicted, digits=3)}\n{confusion_matrix(y_test, predicted)}\n"
        )
        print(report)
        run.upload_file("outputs/report.txt", io.BytesIO(report.encode()))
        run.upload_file("outputs/model.pickle", io.BytesIO(pickle.dumps(model)))
        run.description = (
            f"Recognises **{accuracy:.1%}** of {len(x_test)} unseen digits after {EPOCHS} epochs."
        )


if __name__ == "__main__":
    main()
