from django.contrib.auth.views import LogoutView
from django.urls import path

from newsroom.desk.views import entrance, home, outbox, subscribers

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", entrance.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.mail, name="mail"),
    path("outbox/<str:name>/frame/", outbox.mail_frame, name="mail_frame"),
    path("subscribers/", subscribers.subscribers, name="subscribers"),
    path("subscribers/import/", subscribers.bring_in, name="import"),
]
