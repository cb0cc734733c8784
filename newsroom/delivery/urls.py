from django.urls import path

from newsroom.delivery import views

app_name = "delivery"
urlpatterns = [
    path("returns/", views.returned, name="returns"),
    path("issues/<int:pk>/test/", views.send_test, name="test"),
    path("issues/<int:pk>/schedule/", views.schedule, name="schedule"),
    path("issues/<int:pk>/schedule/plan/", views.plan, name="plan"),
    path("issues/<int:pk>/sending/", views.monitor, name="monitor"),
    path("issues/<int:pk>/sending/<slug:verb>/", views.steer, name="steer"),
]
