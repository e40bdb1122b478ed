"""The addresses of the REST API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from runs.api import (
    bulk,
    charts,
    experiments,
    export,
    files,
    groups,
    me,
    members,
    metrics,
    organise,
    run,
    runs,
    snapshots,
    stars,
    suggest,
    views,
    workspaces,
)

ONE_WORKSPACE = "workspaces/<str:workspace>/"
ONE_RUN = "runs/<str:run_id>/"
ONE_VIEW = ONE_WORKSPACE + "views/<str:view_id>/"

urlpatterns = [
    path("me/", me.MeEndpoint.as_view(), name="api-me"),
    path("me/password/", me.PasswordEndpoint.as_view(), name="api-me-password"),
    path("me/sessions/", me.SessionsEndpoint.as_view(), name="api-me-sessions"),
    path("me/tokens/", me.TokensEndpoint.as_view(), name="api-me-tokens"),
    path("me/tokens/<str:token_id>/", me.TokenEndpoint.as_view(), name="api-me-token"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("workspaces/", workspaces.WorkspacesEndpoint.as_view(), name="api-workspaces"),
    path("workspaces/<str:workspace>/", workspaces.WorkspaceEndpoint.as_view(), name="api-workspace"),
    path(ONE_WORKSPACE + "members/", members.MembersEndpoint.as_view(), name="api-members"),
    path(ONE_WORKSPACE + "members/<str:member>/", members.MemberEndpoint.as_view(), name="api-member"),
    path(
        ONE_WORKSPACE + "members/<str:member>/password-link/",
        members.PasswordLinkEndpoint.as_view(),
        name="api-member-password-link",
    ),
    path(ONE_WORKSPACE + "invitations/", members.InvitationsEndpoint.as_view(), name="api-invitations"),
    path(
        ONE_WORKSPACE + "invitations/<str:invitation>/",
        members.InvitationEndpoint.as_view(),
        name="api-invitation",
    ),
    path(ONE_WORKSPACE + "events/", members.WorkspaceEventsEndpoint.as_view(), name="api-workspace-events"),
    path(
        "workspaces/<str:workspace>/experiments/",
        experiments.ExperimentsEndpoint.as_view(),
        name="api-experiments",
    ),
    path(
        "workspaces/<str:workspace>/experiments/<path:name>/star/",
        stars.ExperimentStarEndpoint.as_view(),
        name="api-experiment-star",
    ),
    path(
        "workspaces/<str:workspace>/experiments/<path:name>/",
        experiments.ExperimentEndpoint.as_view(),
        name="api-experiment",
    ),
    path("workspaces/<str:workspace>/charts/data/", charts.ChartEndpoint.as_view(), name="api-chart-data"),
    path("workspaces/<str:workspace>/runs/export/", export.ExportEndpoint.as_view(), name="api-runs-export"),
    path("workspaces/<str:workspace>/suggest/", suggest.SuggestEndpoint.as_view(), name="api-suggest"),
    path("workspaces/<str:workspace>/runs/groups/", groups.GroupsEndpoint.as_view(), name="api-runs-groups"),
    path("workspaces/<str:workspace>/runs/", runs.RunsEndpoint.as_view(), name="api-runs"),
    path("workspaces/<str:workspace>/runs/bulk/", bulk.BulkEndpoint.as_view(), name="api-runs-bulk"),
    path(ONE_WORKSPACE + "views/", views.ViewsEndpoint.as_view(), name="api-views"),
    path(ONE_VIEW, views.ViewEndpoint.as_view(), name="api-view"),
    path(ONE_VIEW + "restore/", views.ViewRestoreEndpoint.as_view(), name="api-view-restore"),
    path(ONE_VIEW + "duplicate/", views.ViewCopyEndpoint.as_view(), name="api-view-duplicate"),
    path(ONE_VIEW + "take/", views.ViewTakeEndpoint.as_view(), name="api-view-take"),
    path(ONE_VIEW + "star/", views.ViewStarEndpoint.as_view(), name="api-view-star"),
    path(ONE_VIEW + "first/", views.ViewFirstEndpoint.as_view(), name="api-view-first"),
    path(ONE_VIEW + "runs/", views.ViewRunsEndpoint.as_view(), name="api-view-runs"),
    path(ONE_RUN, run.RunEndpoint.as_view(), name="api-run"),
    path(ONE_RUN + "start/", run.StartEndpoint.as_view(), name="api-run-start"),
    path(ONE_RUN + "heartbeat/", run.HeartbeatEndpoint.as_view(), name="api-run-heartbeat"),
    path(ONE_RUN + "complete/", run.CompleteEndpoint.as_view(), name="api-run-complete"),
    path(ONE_RUN + "fail/", run.FailEndpoint.as_view(), name="api-run-fail"),
    path(ONE_RUN + "cancel/", run.CancelEndpoint.as_view(), name="api-run-cancel"),
    path(ONE_RUN + "canceled/", run.CanceledEndpoint.as_view(), name="api-run-canceled"),
    path(ONE_RUN + "mark/", run.MarkEndpoint.as_view(), name="api-run-mark"),
    path(ONE_RUN + "children/", runs.ChildrenEndpoint.as_view(), name="api-run-children"),
    path(ONE_RUN + "star/", stars.RunStarEndpoint.as_view(), name="api-run-star"),
    path(ONE_RUN + "tags/", organise.TagsEndpoint.as_view(), name="api-run-tags"),
    path(ONE_RUN + "properties/", organise.PropertiesEndpoint.as_view(), name="api-run-properties"),
    path(ONE_RUN + "params/", organise.ParamsEndpoint.as_view(), name="api-run-params"),
    path(ONE_RUN + "events/", organise.EventsEndpoint.as_view(), name="api-run-events"),
    path(ONE_RUN + "metrics/", metrics.MetricsEndpoint.as_view(), name="api-run-metrics"),
    path(ONE_RUN + "series/", metrics.SeriesEndpoint.as_view(), name="api-run-series"),
    path(ONE_RUN + "metric-values/", metrics.ValuesEndpoint.as_view(), name="api-run-metric-values"),
    path(ONE_RUN + "snapshot/", snapshots.SnapshotEndpoint.as_view(), name="api-run-snapshot"),
    path(
        ONE_RUN + "snapshot/missing/",
        snapshots.SnapshotMissingEndpoint.as_view(),
        name="api-run-snapshot-missing",
    ),
    path(
        ONE_RUN + "snapshot/blobs/", snapshots.SnapshotBlobsEndpoint.as_view(), name="api-run-snapshot-blobs"
    ),
    path(
        ONE_RUN + "snapshot/blobs/<str:sha256>",
        snapshots.SnapshotBlobEndpoint.as_view(),
        name="api-run-snapshot-blob",
    ),
    path(ONE_RUN + "snapshot/zip/", snapshots.SnapshotZipEndpoint.as_view(), name="api-run-snapshot-zip"),
    path(
        ONE_RUN + "snapshot/files/<path:path>",
        snapshots.SnapshotFileEndpoint.as_view(),
        name="api-run-snapshot-file",
    ),
    path(
        ONE_WORKSPACE + "snapshots/<str:snapshot_id>/zip/",
        snapshots.WorkspaceSnapshotEndpoint.as_view(),
        name="api-snapshot-zip",
    ),
    path(ONE_RUN + "files/", files.FilesEndpoint.as_view(), name="api-run-files"),
    path(ONE_RUN + "files-zip/", files.FilesZipEndpoint.as_view(), name="api-run-files-zip"),
    path(ONE_RUN + "files/<path:path>", files.FileEndpoint.as_view(), name="api-run-file"),
    path(ONE_RUN + "logs/<path:path>", files.LogEndpoint.as_view(), name="api-run-log"),
]
