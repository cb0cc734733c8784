from django.contrib.auth.decorators import login_not_required as public
from django.urls import path

from newsroom.audience import views

app_name = "audience"
urlpatterns = [
    path("u/<str:token>/", public(views.leave), name="leave"),
    path("confirm/<str:token>/", public(views.confirm), name="confirm"),
]
