"""The studio's SMTP server over REST, for the owner of the installation: read, change, forget, try."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access_mail import get_mail_server
from runs.actions import mail_server as actions
from runs.api.base import Endpoint
from runs.api.serializers import text
from runs.api.shapes import moment
from runs.mail_server import in_use
from runs.models import MailServer

OWN = "The caller's own; needed where they have one, as links that set passwords go through this server."


class MailTestShape(serializers.Serializer):
    """The last test: `answered_at` is null while it is on its way."""

    to = serializers.CharField()
    asked_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    arrived = serializers.BooleanField()
    answer = serializers.CharField()


class MailServerShape(serializers.Serializer):
    """What Settings hold, without the password."""

    host = serializers.CharField(help_text="Empty: none is set up here.")
    port = serializers.IntegerField()
    encryption = serializers.ChoiceField(MailServer.ENCRYPTIONS)
    username = serializers.CharField()
    has_password = serializers.BooleanField()
    sender = serializers.CharField()
    allows_private = serializers.BooleanField()
    from_environment = serializers.BooleanField(help_text="The environment's server is used instead of this.")
    in_use = serializers.CharField(
        allow_null=True, help_text="Host and port; null: the studio sends no mail."
    )
    test = MailTestShape(allow_null=True)


class MailServerChange(serializers.Serializer):
    """What may be changed; what is left out stays."""

    host = text()
    port = serializers.IntegerField(required=False)
    encryption = text(help_text=", ".join(MailServer.ENCRYPTIONS))
    username = text()
    password = text(help_text="Of the SMTP server; given in no answer.")
    sender = text(help_text="Such as Run Studio <studio@example.org>.")
    allows_private = serializers.BooleanField(
        required=False, help_text="It may lie in the private network of the studio's machine."
    )
    own_password = text(help_text=OWN)


class OwnPassword(serializers.Serializer):
    """Who asks, once more."""

    own_password = text(default="", help_text=OWN)


class MailTest(serializers.Serializer):
    """Where a test goes."""

    to = text(required=True, help_text="An address.")


class MailServerEndpoint(Endpoint):
    """The SMTP server of the studio."""

    @extend_schema(responses=MailServerShape)
    def get(self, request: Request) -> Response:
        """Read what Settings hold and how the last test went."""
        return Response(_shape(get_mail_server(self.caller)))

    @extend_schema(request=MailServerChange, responses=MailServerShape)
    def patch(self, request: Request) -> Response:
        """Change what is sent, all of it or nothing. Another server needs its password again."""
        row = get_mail_server(self.caller)
        sent: dict[str, Any] = self.read(MailServerChange)
        own = sent.pop("own_password", "")
        return Response(_shape(actions.change_mail_server(row, sent, by=self.caller.user, own_password=own)))


class MailServerForgetEndpoint(Endpoint):
    """The end of the server that Settings hold."""

    @extend_schema(request=OwnPassword, responses={204: None})
    def post(self, request: Request) -> Response:
        """Forget it and its password. Twice is not an error."""
        row = get_mail_server(self.caller)
        own = self.read(OwnPassword)["own_password"]
        actions.forget_mail_server(row, by=self.caller.user, own_password=own)
        return Response(status=204)


class MailServerTestEndpoint(Endpoint):
    """A mail to see whether mail arrives."""

    @extend_schema(request=MailTest, responses={202: MailServerShape})
    def post(self, request: Request) -> Response:
        """Have one sent now; the server's answer is in `test` some seconds later."""
        row = get_mail_server(self.caller)
        return Response(_shape(actions.ask_test(row, self.read(MailTest)["to"])), status=202)


def _shape(row: MailServer) -> dict[str, Any]:
    used = in_use()
    return {
        "host": row.host,
        "port": row.port,
        "encryption": row.encryption,
        "username": row.username,
        "has_password": bool(row.password),
        "sender": row.sender,
        "allows_private": row.allows_private,
        "from_environment": used.from_environment,
        "in_use": used.server.place if used.server else None,
        "test": {
            "to": row.test_to,
            "asked_at": moment(row.test_asked_at),
            "answered_at": moment(row.test_answered_at),
            "arrived": row.test_arrived,
            "answer": row.test_answer,
        }
        if row.test_asked_at
        else None,
    }
