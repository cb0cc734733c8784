"""Every address of the house."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.static import serve

from newsroom.delivery.returns.webhooks import come_back
from newsroom.desk.views.entrance import healthz
from sponsors.urls import doors

handler500 = "newsroom.desk.views.entrance.broken"
admin.site.site_header = admin.site.site_title = "Newsroom"
admin.site.index_title = "Everything, in lists"

urlpatterns = [
    path("healthz", healthz),
    path("admin/", admin.site.urls),
    path("desk/", include("newsroom.delivery.urls")),
    path("desk/issues/", include("issues.urls")),
    path("desk/sponsors/", include("sponsors.urls")),
    path("desk/", include("newsroom.desk.urls")),
    path("returns/<slug:provider>/", come_back, name="returns"),
    path("sponsor/", include((doors, "portal"))),
    path("media/<path:path>", login_not_required(serve), {"document_root": settings.MEDIA_ROOT}),
    path("", include("newsroom.audience.urls")),
    path("", include("newsroom.archive.urls")),
]
