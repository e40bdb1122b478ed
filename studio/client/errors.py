"""What the client may raise.

StudioException                   everything below; `message` is a sentence for the person
├── UserErrorException            the call cannot be right, whatever the server says
│   ├── AuthenticationException   no token, or one that the server does not accept
│   ├── ModelPathNotFoundException, RunConfigurationException, RunEnvironmentException
├── ServiceException              the server refused; has `status_code`, `code`, `field` and `details`
│   └── UnreachableException      the server did not answer, or asked to come back later
├── ExperimentExecutionException  a script could not be submitted, or waiting for it was interrupted
├── ActivityFailedException       a run that was waited for has failed; `error_details` holds its error
├── ComputeTargetException, SnapshotException, ModelNotFoundException, ProjectSystemException,
│   WorkspaceException, TrainingException and others that scripts of the cloud may name in an `except`

Names are the cloud's where the cloud has one; its AzureMLException is StudioException here. `studio.exceptions`
has them all under one address.
"""

from typing import Any


class StudioException(Exception):
    """Anything that the client refuses or could not do."""

    def __init__(self, message: str, inner_exception: BaseException | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.inner_exception = inner_exception


class UserErrorException(StudioException):
    """The call cannot be right, whatever the server says: a wrong type, a missing file, no address."""


class AuthenticationException(UserErrorException):
    """There is no token for the server, or the server does not accept it."""

    status_code = 401
    code = "unauthenticated"


class ModelPathNotFoundException(UserErrorException):
    """The run has no such file to make a model of."""


class RunConfigurationException(UserErrorException):
    """A run configuration cannot be read, or cannot be right."""


class RunEnvironmentException(UserErrorException):
    """No run is being executed here, and a stand-in was not wanted."""


class ServiceException(StudioException):
    """The server refused, with its sentence. `field` names the part of the request, or is None."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int = 0,
        code: str = "",
        field: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.field = field
        self.details = details or {}


class UnreachableException(ServiceException):
    """The server did not answer, or asked to come back later; `retry_after_s` is its wish, or None."""

    def __init__(self, message: str, *, status_code: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message, status_code=status_code, code="unavailable")
        self.retry_after_s = retry_after_s


class ActivityFailedException(StudioException):
    """A run that was waited for has failed; `error_details` is its error, as `get_details()` has it."""

    def __init__(self, message: str, error_details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.error_details = error_details or {}


class ExperimentExecutionException(StudioException):
    """A script could not be submitted, or waiting for its run was interrupted."""


class ComputeTargetException(StudioException):
    """There is no such compute target, or it cannot do what was asked."""


class SnapshotException(StudioException):
    """A snapshot could not be taken, or there is none."""


class ModelNotFoundException(StudioException):
    """No run of the workspace has registered such a model."""


class ProjectSystemException(StudioException):
    """A folder of a project cannot be used."""


class WorkspaceException(StudioException):
    """The workspace cannot be made or opened."""


class TrainingException(StudioException):
    """A training could not be done. Of the cloud; the studio does not raise it."""


class AggregatedException(StudioException):
    """Several things went wrong together. Of the cloud; the studio does not raise it."""


class DatasetTimestampMissingError(StudioException):
    """Of the cloud's data sets; the studio does not raise it."""


class DiscoveryUrlNotFoundException(StudioException):
    """Of the cloud's discovery service; the studio does not raise it."""


class ParallelRunException(StudioException):
    """Of the cloud's pipelines; the studio does not raise it."""


class WebserviceException(StudioException):
    """Of the cloud's endpoints; the studio does not raise it."""


class WorkspacePrivateEndpointException(StudioException):
    """Of the cloud's networks; the studio does not raise it."""
