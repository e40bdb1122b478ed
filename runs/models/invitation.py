"""Invitations into a workspace, and links that set a new password."""

from django.db import models

from runs.models.stored import Stored
from runs.models.workspace import Role, User, Workspace


class Invitation(Stored):
    """A link that takes one person into a workspace, once. Only the SHA-256 of its token is kept."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Role)
    # Where it was sent; empty for one that is handed over as a link.
    email = models.EmailField(blank=True)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # When the mail left; null while it waits, or where there is none.
    sent_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        # Those of a workspace that wait, newest first.
        indexes = [models.Index(fields=["workspace", "-id"], name="invitation_of_workspace")]

    def __str__(self) -> str:
        return f"Invitation into {self.workspace_id} as {self.role}"


class PasswordReset(Stored):
    """A link that lets one person choose a new password, once. Only the SHA-256 of its token is kept."""

    user = models.ForeignKey(User, models.CASCADE)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # The owner who made it; null when it was asked for by mail.
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"Password reset of {self.user_id}"
