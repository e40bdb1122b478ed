"""What lets somebody in besides a password: API tokens and one-time sign-in links; and what keeps guessers out."""

from django.db import models

from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class ApiToken(Stored):
    """A key for scripts, written `studio_<id>_<secret>`; of the secret only its SHA-256 is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    # Null: every workspace the person is in.
    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="tokens")
    # Set for the token of a submitted script: good for this run and its children only.
    run = models.ForeignKey("runs.Run", models.CASCADE, null=True, related_name="tokens")
    name = models.CharField(max_length=256)
    secret_sha256 = models.CharField(max_length=64)
    scope = models.CharField(max_length=8, choices=[("read", "read"), ("write", "write")], default="write")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class LoginLink(Stored):
    """A link that signs one person in, once. Only the SHA-256 of its token is kept."""

    user = models.ForeignKey(User, models.CASCADE)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Sign-in link of {self.user}"


class SignInFailure(Stored):
    """A wrong password: counted by account and by address, in the database so that every process sees it."""

    subject = models.CharField(max_length=300)  # "account:ada" or "address:127.0.0.1"
    at = models.DateTimeField()

    class Meta:
        # How many of this subject in the last minutes?
        indexes = [models.Index(fields=["subject", "at"], name="sign_in_failure_recent")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.at}"
