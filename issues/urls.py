from django.urls import path

from issues.views import composing, previewing, reviewing, starting

app_name = "issues"
urlpatterns = [
    path("new/", starting.start, name="start"),
    path("paste/", starting.paste, name="paste"),
    path("<int:pk>/", composing.compose, name="compose"),
    path("<int:pk>/describe/", composing.describe, name="describe"),
    path("<int:pk>/frame/", previewing.frame, name="frame"),
    path("<int:pk>/text/", previewing.text, name="text"),
    path("<int:pk>/blocks/", composing.add, name="add"),
    path("<int:pk>/blocks/<uuid:uid>/", composing.edit, name="edit"),
    path("<int:pk>/blocks/<uuid:uid>/copy/", composing.copy, name="copy"),
    path("<int:pk>/blocks/<uuid:uid>/move/", composing.move, name="move"),
    path("<int:pk>/blocks/<uuid:uid>/remove/", composing.remove, name="remove"),
    path("<int:pk>/blocks/<uuid:uid>/put-back/", composing.put_back, name="put_back"),
    path("<int:pk>/<slug:name>/", reviewing.step, name="step"),
]
