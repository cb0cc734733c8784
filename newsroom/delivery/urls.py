from django.urls import path

from newsroom.delivery.views import figures, limits, readers, returned, scheduling, steering, watching

app_name = "delivery"
urlpatterns = [
    path("figures/", figures.front, name="figures"),
    path("figures/<slug:slug>/", figures.publication, name="publication_figures"),
    path("figures/<slug:slug>/issues.csv", figures.publication_file, name="publication_file"),
    path("figures/<slug:slug>/growth/", figures.growth, name="growth"),
    path("figures/<slug:slug>/growth.csv", figures.growth_file, name="growth_file"),
    path("issues/<int:pk>/figures/", figures.issue, name="issue_figures"),
    path("issues/<int:pk>/figures.csv", figures.issue_file, name="issue_file"),
    path("returns/", returned.returned, name="returns"),
    path("sending/limits/", limits.limits, name="limits"),
    path("issues/<int:pk>/test/", scheduling.send_test, name="test"),
    path("issues/<int:pk>/schedule/", scheduling.schedule, name="schedule"),
    path("issues/<int:pk>/schedule/plan/", scheduling.plan, name="plan"),
    path("issues/<int:pk>/sending/", watching.monitor, name="monitor"),
    path("issues/<int:pk>/sending/rest/", steering.rest, name="rest"),
    path("issues/<int:pk>/sending/forgotten/", steering.forgotten, name="forgotten"),
    path("issues/<int:pk>/sending/in-doubt/", steering.in_doubt, name="in_doubt"),
    path("issues/<int:pk>/sending/readers/", readers.readers, name="readers"),
    path("issues/<int:pk>/sending/readers.csv", readers.table, name="readers_csv"),
    path("issues/<int:pk>/sending/<slug:verb>/", steering.steer, name="steer"),
]
