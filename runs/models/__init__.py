"""All models of the studio, one file per noun."""

from runs.models.access import ApiToken, LoginLink, SignInFailure
from runs.models.alert import Alert, AlertMoment, Delivery
from runs.models.artifact import Artifact
from runs.models.bulk import BulkChange, BulkPart
from runs.models.compute import ComputeTarget
from runs.models.dataset import Dataset, RunInput
from runs.models.dispatch import Dispatch
from runs.models.event import RunEvent, WorkspaceEvent
from runs.models.experiment import Experiment, ExperimentName, ExperimentTag, RunCount
from runs.models.image import DescriptionImage, ImageUse
from runs.models.invitation import Invitation, PasswordReset
from runs.models.job import IdempotencyKey, Job
from runs.models.logged_model import LoggedModel, ModelMetric, RunModel
from runs.models.mail_server import MailServer
from runs.models.metric import Metric, Segment
from runs.models.name import Kind, Name
from runs.models.organise import Param, Property, Tag
from runs.models.run import DescriptionVersion, Run
from runs.models.saved_view import DefaultView, SavedView, Star
from runs.models.search import RunSearch
from runs.models.snapshot import Snapshot, SnapshotBlob, SnapshotFile, SnapshotUpload
from runs.models.workspace import Member, Role, User, Workspace

__all__ = [
    "Alert",
    "AlertMoment",
    "ApiToken",
    "Artifact",
    "BulkChange",
    "BulkPart",
    "ComputeTarget",
    "Dataset",
    "DefaultView",
    "Delivery",
    "DescriptionImage",
    "DescriptionVersion",
    "Dispatch",
    "Experiment",
    "ExperimentName",
    "ExperimentTag",
    "IdempotencyKey",
    "ImageUse",
    "Invitation",
    "Job",
    "Kind",
    "LoggedModel",
    "LoginLink",
    "MailServer",
    "Member",
    "Metric",
    "ModelMetric",
    "Name",
    "Param",
    "PasswordReset",
    "Property",
    "Role",
    "Run",
    "RunCount",
    "RunEvent",
    "RunInput",
    "RunModel",
    "RunSearch",
    "SavedView",
    "Segment",
    "SignInFailure",
    "Snapshot",
    "SnapshotBlob",
    "SnapshotFile",
    "SnapshotUpload",
    "Star",
    "Tag",
    "User",
    "Workspace",
    "WorkspaceEvent",
]
