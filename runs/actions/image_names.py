"""Images under a name that numbers take, as MLflow has them: there a key of images and a metric may be called alike."""

from runs.actions.names import intern
from runs.actions.presence import hold
from runs.limits import NAME_LENGTH
from runs.models import Kind, Metric, Run
from runs.transaction import write

_BESIDE = " (images)"


def name_beside(name: str) -> str:
    """What images are called whose name is that of numbers: nothing that MLflow could call a metric."""
    return name[: NAME_LENGTH - len(_BESIDE)] + _BESIDE


def move_images_aside(run: Run, name: str) -> bool:
    """Give the images of this name another one, so that numbers may take it; False where that cannot be."""
    with write():
        hold(run)
        beside, own = name_beside(name), Metric.objects.filter(run=run.pk)
        found = own.filter(name__text=name, kind=Metric.IMAGE).first()
        if found is None or own.filter(name__text=beside).exists():
            return False
        found.name = intern(run, Kind.METRIC, [beside])[beside]
        found.save(update_fields=["name"])
    return True
