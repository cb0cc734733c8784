from django.contrib.auth.decorators import login_not_required as public
from django.contrib.sitemaps.views import sitemap
from django.urls import path

from newsroom.archive import views
from newsroom.archive.feeds import IssueFeed, IssueSitemap

app_name = "archive"
urlpatterns = [
    path("", public(views.home), name="home"),
    path("privacy/", public(views.privacy), name="privacy"),
    path("robots.txt", public(views.robots), name="robots"),
    path("sitemap.xml", public(sitemap), {"sitemaps": {"issues": IssueSitemap}}, name="sitemap"),
    path("<slug:publication>/", public(views.front), name="front"),
    path("<slug:publication>/page/<int:number>/", public(views.front), name="page"),
    path("<slug:publication>/feed/", public(IssueFeed()), name="feed"),
    path("<slug:publication>/theme.css", public(views.theme), name="theme"),
    path("<slug:publication>/subscribe/", public(views.subscribe), name="subscribe"),
    path("<slug:publication>/<slug:slug>/", public(views.issue), name="issue"),
]
