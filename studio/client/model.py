"""Models that runs have registered: a name for a file or folder of a run, kept as one of its properties."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.errors import ModelPathNotFoundException
from studio.client.files import RunFiles
from studio.client.labels import RunLabels

if TYPE_CHECKING:
    from studio.client.run import Run
    from studio.client.workspace import Workspace

TAG = "registered model"
PROPERTY = "model."
NO_PATH = "Could not locate the provided model_path {} in the set of files uploaded to the run: {}"


class Model:
    """A registered model: `name`, the `run` that made it, and the `path` of its file or folder there."""

    def __init__(self, run: "Run", name: str, path: str) -> None:
        self.run = run
        self.name = name
        self.path = path

    @property
    def run_id(self) -> str:
        """The id of the run that made it."""
        return self.run.id

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags of the run."""
        return self.run.tags

    @property
    def properties(self) -> dict[str, str]:
        """The properties of the run."""
        return self.run.properties

    def download(self, target_dir: str | Path = ".", exist_ok: bool = False) -> str:
        """Download its files into a folder; return the path of the file or folder there.

        Raises ModelPathNotFoundException when the file is there and `exist_ok` is False.
        """
        name = self.path.rstrip("/").rsplit("/", 1)[-1]
        target = Path(target_dir) / name
        if target.exists() and not exist_ok:
            raise ModelPathNotFoundException(f"{target} exists already; exist_ok=True replaces it.")
        if self.path in self.run.get_file_names():
            self.run.download_file(self.path, target)
        else:
            self.run.download_files(f"{self.path.rstrip('/')}/", target, append_prefix=False)
        return str(target)

    def __repr__(self) -> str:
        return f"Model(name={self.name}, run_id={self.run_id}, path={self.path})"


class RunModels(RunFiles, RunLabels):
    """The part of a run that names models."""

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: Any = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **kwargs: Any,
    ) -> Model:
        """Name a file or folder of this run as a model, for good; `model_path` is the model's name unless given.

        It is kept as the property `model.NAME` of the run, with `tags` and `properties` beside it, and found
        again in `workspace.models`. Framework and description become properties, too; data sets and resources are
        the cloud's and not used. Raises ModelPathNotFoundException that names what there is.
        """
        path = (model_path or model_name).strip("/")
        names = self.get_file_names()
        if not any(name == path or name.startswith(f"{path}/") for name in names):
            raise ModelPathNotFoundException(NO_PATH.format(path, sorted(names)))
        about = {
            "framework": model_framework,
            "framework version": model_framework_version,
            "description": description,
        }
        kept = {
            f"{PROPERTY}{model_name}": path,
            **{str(key): value for key, value in (properties or {}).items()},
        }
        kept |= {f"about {PROPERTY}{model_name}: {key}": text for key, text in about.items() if text}
        self.add_properties(kept)
        self.set_tags({TAG: model_name, **(tags or {})})
        return Model(self, model_name, path)  # type: ignore[arg-type]  # only whole runs have this part


def registered_models(workspace: "Workspace") -> dict[str, Model]:
    """Return the models of a workspace by name; of each name the one of the newest run."""
    found: dict[str, Model] = {}
    for run in workspace.get_runs(filter=f'tags."{TAG}" IS NOT NULL', include_children=True):
        for name, path in _models_of(run.properties):
            found.setdefault(name, Model(run, name, path))
    return found


def _models_of(properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    marked: Iterable[tuple[str, str]] = properties.items()
    yield from ((key.removeprefix(PROPERTY), path) for key, path in marked if key.startswith(PROPERTY))
