"""How the studio looks to a person: theme and density, remembered with the person."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from runs.actions.workspace import set_preferences
from runs.errors import Invalid
from runs.web.frame import caller_of

NAMES = ("theme", "density")


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Remember a theme, a density or both; then back to the page it was chosen on. A script gets no page."""
    chosen = {name: request.POST[name] for name in NAMES if name in request.POST}
    if not chosen:
        raise Invalid("Send a theme or a density.")
    set_preferences(caller_of(request).user, **chosen)
    if "X-Requested-With" in request.headers:  # a script, which has changed the look by itself
        return HttpResponse(status=204)
    return HttpResponseRedirect(way_back(request))


def way_back(request: HttpRequest) -> str:
    """The page of ours that the form came from, else the first page."""
    wanted = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else reverse("home")
