from django.urls import path

from issues.views import composing, live, previewing, reviewing, starting

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
    path("<int:pk>/frame/", previewing.frame, name="frame"),
    path("<int:pk>/text/", previewing.text, name="text"),
    path("<int:pk>/<slug:name>/", reviewing.step, name="step"),
]
