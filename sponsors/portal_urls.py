"""Addresses that a sponsor's link opens; everything else of the house asks who you are."""

from django.urls import path

from sponsors.views import portal

app_name = "portal"
urlpatterns = [
    path("<str:token>/", portal.order, name="order"),
    path("<str:token>/report.<slug:ending>", portal.report, name="report"),
    path("<str:token>/<int:pk>/", portal.insertion, name="insertion"),
    path("<str:token>/<int:pk>/message/", portal.creative, name="creative"),
    path("<str:token>/<int:pk>/frame/<slug:part>/", portal.frame, name="frame"),
    path("<str:token>/<int:pk>/decide/", portal.decide, name="decide"),
    path("<str:token>/<int:pk>/remark/", portal.remark, name="remark"),
]
