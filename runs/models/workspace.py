"""People, workspaces, and who may do what in which."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

from runs.models.stored import Stored


class User(Stored, AbstractUser):
    """A person. Theme, density and time zone follow them from browser to browser."""

    theme = models.CharField(max_length=8, default="system")
    density = models.CharField(max_length=12, default="comfortable")
    time_zone = models.CharField(max_length=64, blank=True)
    # The name of the workspace they looked at last, which opens first, and when that was.
    last_workspace = models.CharField(max_length=64, blank=True)
    last_seen_at = models.DateTimeField(null=True)
    # An address that waits for its link to be opened; until then mail goes to `email`, if there is one.
    waiting_email = models.EmailField(blank=True)
    # Counted up by "sign out everywhere": sessions of an earlier count end.
    session_epoch = models.PositiveIntegerField(default=0)

    # What Django notes in a session that begins.
    backend = "runs.web.signed_in.SignedIn"
    # The person's memberships as they were when this request began, where they were read along.
    memberships_read: Any = None

    class Meta:
        constraints = [
            # "Ada" and "ada" would be taken for one person.
            models.UniqueConstraint(Lower("username"), name="user_name_once"),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> Any:
        # Django ends sessions whose hash has changed; it hashes the password alone.
        of_password = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{of_password}:{self.session_epoch}" if self.session_epoch else of_password


class Workspace(Stored):
    """A place that people share: its experiments, runs, views and compute targets."""

    name = models.SlugField(max_length=64, unique=True)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField()
    # The number of the latest experiment; MLflow's "Default" takes 0.
    last_experiment_number = models.PositiveIntegerField(default=0)
    # How long a run that promised heartbeats may be silent.
    silent_after_s = models.PositiveIntegerField(default=120)
    lost_after_s = models.PositiveIntegerField(default=24 * 3600)
    # Whether a script without heartbeats, whose run was cancelled here, is told so by a refusal of its next write.
    stops_canceled = models.BooleanField(default=True)

    # The number of whoever fetched this through runs/access.py, and their role: it holds for one request.
    known_role: tuple[int, str] | None = None

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do, each including the one before."""

    READER = "reader"
    CONTRIBUTOR = "contributor"
    OWNER = "owner"


class Member(Stored):
    """A person in a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    added_at = models.DateTimeField()
    # The last look at Home, and the one before the present visit: what came since then is new to the person.
    seen_at = models.DateTimeField(null=True)
    seen_before_at = models.DateTimeField(null=True)
    # When they last opened a page of this workspace, to a few minutes.
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "user"], name="member_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} as {self.role}"
