from django.contrib.auth.views import LogoutView
from django.urls import path

from newsroom.desk.views import entrance, home, intakes, outbox, subscribers

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", entrance.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.mail, name="mail"),
    path("outbox/<str:name>/frame/", outbox.mail_frame, name="mail_frame"),
    path("subscribers/", subscribers.subscribers, name="subscribers"),
    path("subscribers/export/", intakes.export, name="export"),
    path("subscribers/import/", intakes.bring_in, name="import"),
    path("subscribers/import/<int:pk>/", intakes.intake, name="intake"),
    path("subscribers/import/<int:pk>/columns/", intakes.columns, name="intake_columns"),
    path("subscribers/import/<int:pk>/refused/", intakes.refused, name="intake_refused"),
    path("subscribers/import/<int:pk>/<slug:step>/", intakes.step, name="intake_step"),
]
