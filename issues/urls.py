from django.urls import path

from issues.views import commenting, composing, history, live, previewing, reviewing, starting

app_name = "issues"
urlpatterns = [
    path("new/", starting.start, name="start"),
    path("paste/", starting.paste, name="paste"),
    path("copy/", starting.copy_issue, name="copy_issue"),
    path("<int:pk>/", composing.compose, name="compose"),
    path("<int:pk>/save/", live.save, name="save"),
    path("<int:pk>/seat/", live.sit, name="sit"),
    path("<int:pk>/blocks/", live.blocks, name="blocks"),
    path("<int:pk>/preview/", live.preview, name="preview"),
    path("<int:pk>/compare/", live.compare, name="compare"),
    path("<int:pk>/aid/", live.aid, name="aid"),
    path("<int:pk>/checks/", live.checks, name="checks"),
    path("<int:pk>/pictures/", live.take_picture, name="take_picture"),
    path("<int:pk>/history/", history.versions, name="history"),
    path("<int:pk>/history/name/", history.name, name="name_version"),
    path("<int:pk>/history/<int:number>/", history.version, name="version"),
    path("<int:pk>/history/<int:number>/restore/", history.restore, name="restore"),
    path(
        "<int:pk>/history/<int:number>/blocks/<uuid:uid>/restore/",
        history.restore_block,
        name="restore_block",
    ),
    path("<int:pk>/set-aside/<int:kept>/put/", history.put, name="put"),
    path("<int:pk>/set-aside/<int:kept>/discard/", history.discard, name="discard"),
    path("<int:pk>/comments/", commenting.comments, name="comments"),
    path("<int:pk>/comments/<int:said>/reply/", commenting.reply, name="reply"),
    path("<int:pk>/comments/<int:said>/resolve/", commenting.resolve, name="resolve"),
    path("<int:pk>/comments/<int:said>/reopen/", commenting.reopen, name="reopen"),
    path("<int:pk>/comments/<int:said>/delete/", commenting.delete, name="delete_comment"),
    path("<int:pk>/frame/", previewing.frame, name="frame"),
    path("<int:pk>/text/", previewing.text, name="text"),
    path("<int:pk>/<slug:name>/", reviewing.step, name="step"),
]
