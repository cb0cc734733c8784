from django.contrib.auth.views import LogoutView
from django.urls import path

from newsroom.desk.views import entrance, home, intakes, outbox, segments, subscribers, suppressions

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
    path("subscribers/figures/", subscribers.figures, name="figures"),
    path("subscribers/lists/<slug:slug>/", subscribers.asks, name="asks"),
    path("subscribers/never/", suppressions.listing, name="suppressions"),
    path("subscribers/never.csv", suppressions.export, name="suppressions_file"),
    path("subscribers/never/<int:pk>/lift/", suppressions.lift, name="lift"),
    path("subscribers/segments/", segments.listing, name="segments"),
    path("subscribers/segments/new/", segments.start, name="new_segment"),
    path("subscribers/segments/count/", segments.count, name="count_rules"),
    path("subscribers/segments/<int:pk>/", segments.change, name="segment"),
    path("subscribers/segments/<int:pk>/count/", segments.count_one, name="count_segment"),
    path("subscribers/segments/<int:pk>/delete/", segments.delete, name="delete_segment"),
    path("subscribers/<int:pk>/", subscribers.subscriber, name="subscriber"),
    path("subscribers/<int:pk>/data.json", subscribers.data, name="subscriber_data"),
    path("subscribers/<int:pk>/erase/", subscribers.erase, name="erase_subscriber"),
    path("subscribers/<int:pk>/<slug:verb>/", subscribers.step, name="subscriber_step"),
]
