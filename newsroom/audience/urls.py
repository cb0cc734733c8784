from django.contrib.auth.decorators import login_not_required as public
from django.urls import path

from newsroom.audience.views import confirming, leaving, preferring

app_name = "audience"
urlpatterns = [
    path("u/<str:token>/", public(leaving.leave), name="leave"),
    path("confirm/<str:token>/", public(confirming.confirm), name="confirm"),
    path("preferences/<str:token>/", public(preferring.preferences), name="preferences"),
    path("preferences/<str:token>/data.json", public(preferring.data), name="data"),
    path("preferences/<str:token>/erase/", public(preferring.erase), name="erase"),
]
