"""The SMTP server that the owner of the installation set up in the studio: one row, or none."""

from django.db import models
from django.db.models import Q

from runs.models.stored import Stored
from runs.models.workspace import User


class MailServer(Stored):
    """What Settings hold of it, and how its last test went. Variables of the server's environment go before it."""

    STARTTLS, SSL, NONE = "starttls", "ssl", "none"
    ENCRYPTIONS = (STARTTLS, SSL, NONE)

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    # Empty: none is set up here, and the row only keeps the test of the environment's.
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=587)
    encryption = models.CharField(max_length=8, default=STARTTLS)
    username = models.CharField(max_length=256, blank=True)
    # Never shown again, never in an answer or a log.
    password = models.CharField(max_length=1000, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    allows_private = models.BooleanField(default=False)
    updated_at = models.DateTimeField(null=True)
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # The last test: to whom, asked and answered when, in which words. Asked and not answered: it is on its way.
    test_to = models.CharField(max_length=254, blank=True)
    test_asked_at = models.DateTimeField(null=True)
    test_answered_at = models.DateTimeField(null=True)
    test_answer = models.TextField(blank=True)
    test_arrived = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="mail_server_is_one")]

    def __str__(self) -> str:
        return self.host
