"""The exceptions under the cloud's names: `from studio.exceptions import UserErrorException`.

`studio.client.errors` draws their tree. The base is StudioException; AzureMLException is another name of it.
"""

from studio.client.errors import (
    ActivityFailedException,
    AggregatedException,
    AuthenticationException,
    ComputeTargetException,
    DatasetTimestampMissingError,
    DiscoveryUrlNotFoundException,
    ExperimentExecutionException,
    ModelNotFoundException,
    ModelPathNotFoundException,
    ParallelRunException,
    ProjectSystemException,
    RunConfigurationException,
    RunEnvironmentException,
    ServiceException,
    SnapshotException,
    StudioException,
    TrainingException,
    UnreachableException,
    UserErrorException,
    WebserviceException,
    WorkspaceException,
    WorkspacePrivateEndpointException,
)

AzureMLException = StudioException
AzureMLAggregatedException = AggregatedException
DatasetTimestampMissingException = DatasetTimestampMissingError

__all__ = [
    "ActivityFailedException",
    "AggregatedException",
    "AuthenticationException",
    "AzureMLAggregatedException",
    "AzureMLException",
    "ComputeTargetException",
    "DatasetTimestampMissingError",
    "DatasetTimestampMissingException",
    "DiscoveryUrlNotFoundException",
    "ExperimentExecutionException",
    "ModelNotFoundException",
    "ModelPathNotFoundException",
    "ParallelRunException",
    "ProjectSystemException",
    "RunConfigurationException",
    "RunEnvironmentException",
    "ServiceException",
    "SnapshotException",
    "StudioException",
    "TrainingException",
    "UnreachableException",
    "UserErrorException",
    "WebserviceException",
    "WorkspaceException",
    "WorkspacePrivateEndpointException",
]
