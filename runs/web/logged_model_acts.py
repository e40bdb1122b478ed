"""What is done with a whole model from its page: throw away, restore."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.access_models import get_logged_model, get_model_in_use
from runs.actions.logged_models import delete_logged_model, restore_logged_model
from runs.actions.trash import KEPT_FOR
from runs.web import show
from runs.web.frame import caller_of
from runs.web.logged_model import facts_of
from runs.web.said import say


@require_http_methods(["GET", "HEAD", "POST"])
def throw_away(request: HttpRequest, workspace: str, model_id: str) -> HttpResponse:
    """Ask once, then move it to the trash. `deleted=false` brings it back."""
    caller = caller_of(request)
    restores = request.method == "POST" and request.POST.get("deleted") == "false"
    found = (
        get_logged_model(caller, workspace, model_id, "write", deleted=True)
        if restores
        else get_model_in_use(caller, workspace, model_id, "write")
    )
    place, name = reverse("model_trash", args=[workspace, model_id]), show.clipped(found.name, 60)
    if request.method != "POST":
        facts = facts_of(request, found) | {"days": KEPT_FOR.days}
        is_piece = bool(request.htmx)  # type: ignore[attr-defined]
        return render(request, "models/_trash.html" if is_piece else "models/ask.html", facts)
    if restores:
        restore_logged_model(found, by=caller.user)
        say(request, f"{name} is restored.", undo_url=place, undo={"deleted": "true"})
        return redirect("model", workspace, model_id)
    delete_logged_model(found, by=caller.user)
    words = f"{name} is deleted; for {KEPT_FOR.days} days it can be restored."
    say(request, words, undo_url=place, undo={"deleted": "false"})
    return redirect("experiment", workspace, found.experiment.name)
