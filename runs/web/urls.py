"""The addresses of the pages. They last."""

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, path

from runs.web import (
    bulk,
    chart_form,
    charts,
    columns,
    compare,
    experiment,
    experiments,
    export,
    filter_add,
    find,
    forgotten,
    group_by,
    help,
    home,
    invite,
    preferences,
    robots,
    run,
    run_edit,
    run_files,
    run_images,
    run_metrics,
    run_monitoring,
    run_tabs,
    runs,
    settings,
    settings_account,
    settings_activity,
    settings_members,
    sign_in,
    stars,
    trash,
    view_acts,
    views,
)
from runs.web.errors import told

WORKSPACE = "w/<str:workspace>/"
# By number: a name may hold slashes, and anything behind it would be part of another name.
EXPERIMENT = WORKSPACE + "experiment/<int:number>/"
RUN = WORKSPACE + "runs/<str:run_id>/"
SETTINGS = WORKSPACE + "settings/"
VIEW = WORKSPACE + "views/<str:view_id>/"


def page(route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    """A page at this address; what it refuses is told in words."""
    return path(route, told(view), name=name)


urlpatterns = [
    page("", home.start, "home"),
    page("login/", sign_in.sign_in, "login"),
    page("login/link/<str:token>/", sign_in.sign_in_by_link, "login_link"),
    page("login/forgotten/", forgotten.forgotten, "forgotten"),
    page("login/reset/<str:token>/", forgotten.reset, "password_reset"),
    page("invite/<str:token>/", invite.invite, "invite"),
    page("logout/", sign_in.sign_out, "logout"),
    page("me/preferences/", preferences.preferences, "preferences"),
    page(WORKSPACE, home.home, "workspace_home"),
    page("robots.txt", robots.robots, "robots"),
    page("favicon.ico", robots.favicon, "favicon"),
    page("help/keys/", help.keys, "keys"),
    page(WORKSPACE + "find/", find.palette, "find"),
    page(WORKSPACE + "first-token/", home.first_token, "first_token"),
    page("workspaces/new/", settings.new_workspace, "new_workspace"),
    page(SETTINGS, settings.workspace_page, "settings"),
    page(SETTINGS + "leave/", settings.leave, "settings_leave"),
    page(SETTINGS + "members/", settings_members.members_page, "settings_members"),
    page(SETTINGS + "members/remove/", settings_members.remove, "settings_member_remove"),
    page(SETTINGS + "invite/", settings_members.invite, "settings_invite"),
    page(SETTINGS + "invitation/", settings_members.change_invitation, "settings_invitation"),
    page(SETTINGS + "activity/", settings_activity.activity, "settings_activity"),
    page(SETTINGS + "profile/", settings_account.profile_page, "settings_profile"),
    page(SETTINGS + "password/", settings_account.password_page, "settings_password"),
    page(SETTINGS + "tokens/", settings_account.tokens_page, "settings_tokens"),
    page(SETTINGS + "sessions/", settings_account.sessions_page, "settings_sessions"),
    page(WORKSPACE + "new-experiment/", experiment.new, "new_experiment"),
    page(EXPERIMENT + "description/", experiment.edit_description, "experiment_description"),
    page(EXPERIMENT + "tags/", experiment.edit_tags, "experiment_tags"),
    page(EXPERIMENT + "archive/", experiment.archive, "experiment_archive"),
    page(WORKSPACE + "experiments/", experiments.experiments, "experiments"),
    page(WORKSPACE + "experiments/<path:name>/", experiment.experiment, "experiment"),
    page(WORKSPACE + "views/", views.views, "views"),
    page(WORKSPACE + "views/new/", views.new, "view_new"),
    page(WORKSPACE + "views/link/", views.link, "view_link"),
    page(VIEW, views.view, "view"),
    page(VIEW + "save/", views.save, "view_save"),
    page(VIEW + "edit/", views.edit, "view_edit"),
    page(VIEW + "share/", views.share, "view_share"),
    page(VIEW + "duplicate/", view_acts.duplicate, "view_duplicate"),
    page(VIEW + "delete/", view_acts.delete, "view_delete"),
    page(VIEW + "restore/", view_acts.restore, "view_restore"),
    page(VIEW + "first/", view_acts.first, "view_first"),
    page(VIEW + "take/", view_acts.take, "view_take"),
    page(WORKSPACE + "star/", stars.star, "star"),
    page(WORKSPACE + "compare/", compare.compare, "compare"),
    page(WORKSPACE + "filter/", filter_add.add_filter, "filter_add"),
    page(WORKSPACE + "filter/complete/", filter_add.completions, "filter_complete"),
    page(WORKSPACE + "group/", group_by.group_by, "group_by"),
    page(WORKSPACE + "charts/chart/", chart_form.chart, "chart"),
    page(WORKSPACE + "charts/data/", charts.chart_data, "chart_data"),
    page(WORKSPACE + "charts/table/", charts.chart_table, "chart_table"),
    page(WORKSPACE + "columns/", columns.columns, "columns"),
    page(WORKSPACE + "bulk/", bulk.change, "bulk"),
    page(WORKSPACE + "trash/", trash.trash, "trash"),
    page(WORKSPACE + "runs/", runs.runs, "runs"),
    page(WORKSPACE + "export/", export.export, "export"),
    page(RUN, run.overview, "run"),
    page(RUN + "name/", run_edit.edit_name, "run_name"),
    page(RUN + "description/", run_edit.edit_description, "run_description"),
    page(RUN + "tags/", run_edit.edit_tags, "run_tags"),
    page(RUN + "cancel/", run.cancel, "run_cancel"),
    page(RUN + "metrics/", run_metrics.metrics, "run_metrics"),
    page(RUN + "metrics/data/", run_metrics.metric_data, "run_metric_data"),
    page(RUN + "images/", run_images.images, "run_images"),
    page(RUN + "images/steps/", run_images.steps, "run_image_steps"),
    page(RUN + "children/", run_tabs.children, "run_children"),
    page(RUN + "logs/", run_files.logs, "run_logs"),
    page(RUN + "logs/lines/", run_files.log_lines, "run_log_lines"),
    page(RUN + "logs/image/", run_files.image, "run_image"),
    page(RUN + "monitoring/", run_monitoring.monitoring, "run_monitoring"),
    page(RUN + "activity/", run_tabs.activity, "run_activity"),
]
