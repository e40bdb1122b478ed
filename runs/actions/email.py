"""E-mail addresses: one that is changed is used once the link that was mailed there has been opened."""

from datetime import timedelta

from django.core import signing

from runs import mail
from runs.actions.jobs import enqueue
from runs.actions.passwords import end_links
from runs.actions.throttle import check_may_try, note_failure
from runs.errors import Conflict, NotFound
from runs.models import User
from runs.transaction import write

LINK_LIVES = timedelta(days=1)
MOST_MAILED, MOST_GUESSES = 5, 30
_SALT = "runs.email"
WRONG_LINK = (
    "This link is older than a day, or the address was changed again. Ask for a new one in your profile."
)


def set_email(user: User, email: str) -> list[str]:
    """Let the person have this address: none at once, another when its link is opened. The changed fields.

    The caller saves them. The address that is in use stays until then.
    """
    if email == (user.waiting_email or user.email):
        return []
    if email in ("", user.email):
        user.email, user.waiting_email = email, ""
    else:
        user.waiting_email = email
    return ["email", "waiting_email"]


def mail_check(user: User) -> bool:
    """Have the link mailed, again; whether there is anything to mail and a server to do it.

    Raises NotAllowed when that was asked for five times in the last 15 minutes.
    """
    if not (user.waiting_email and mail.can_send()):
        return False
    subjects = {f"email-check:{user.pk}": MOST_MAILED}
    check_may_try(subjects, "That was mailed several times in the last minutes. Look at the mail, or wait.")
    with write():
        note_failure(subjects)
        enqueue("mail address check", {"user": user.pk}, dedupe=f"address check {user.pk}")
    return True


def ask_check(user: User) -> User:
    """The same for somebody who waits for it. Raises Conflict where nothing waits or no mail is sent."""
    if not user.waiting_email:
        raise Conflict("No address of yours waits to be confirmed.", field="email")
    if not mail_check(user):
        raise Conflict("This studio sends no mail.", field="email")
    return user


def withdraw_email(user: User) -> User:
    """Stay with the address that is in use. Twice is not an error."""
    user.waiting_email = ""
    user.save(update_fields=["waiting_email"])
    return user


def letter_of(user_id: int) -> tuple[User, str] | None:
    """Whom the worker writes to, and the token of the link, made this moment; None when nothing waits any more."""
    user = User.objects.filter(pk=user_id, is_active=True).exclude(waiting_email="").first()
    return (user, signing.dumps([user.pk, user.waiting_email], salt=_SALT)) if user else None


def open_check(token: str, *, address: str) -> User:
    """Whose waiting address the link confirms. Raises NotFound for a link that is wrong, old or overtaken."""
    guesses = {f"email-link:{address}": MOST_GUESSES}
    check_may_try(guesses, "Too many wrong links from your address. Wait 15 minutes.")
    user = _find(token)
    if user is None:
        note_failure(guesses)
        raise NotFound(WRONG_LINK)
    return user


def confirm_email(token: str, *, address: str) -> User:
    """Use the address from now on. Links on their way to the one before open nothing any more."""
    open_check(token, address=address)
    with write():
        user = _find(token)
        if user is None:  # changed again this moment
            raise NotFound(WRONG_LINK)
        user.email, user.waiting_email = user.waiting_email, ""
        user.save(update_fields=["email", "waiting_email"])
        end_links(user)
    return user


def _find(token: str) -> User | None:
    try:
        number, email = signing.loads(token, salt=_SALT, max_age=LINK_LIVES)
    except (signing.BadSignature, UnicodeError):
        return None
    return User.objects.filter(pk=number, waiting_email=email, is_active=True).first()
