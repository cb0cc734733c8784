"""The admin lists everything; an issue's own page there is the composer."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from issues import access
from issues.models import Block, Edition, FundingRound, Image, Issue, IssueEvent, Publication
from issues.views.composing import page


class ReadOnly:
    """Rows that verbs write: to be seen and searched, never edited by hand."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Publication)
class PublicationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "slug", "sender_email", "time_zone", "usual_time"]
    search_fields = ["name", "slug", "tagline"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "tagline", "language"]}),
        ("Sender", {"fields": ["sender_name", "sender_email", "reply_to", "postal_address"]}),
        ("Hours", {"fields": ["time_zone", "usual_time", "window_minutes", "rundown"]}),
        ("Looks", {"fields": ["masthead", "logo", "accent", "ink", "paper", "ground"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Publication | None = None) -> list[str]:
        """A slug stands in sent mail; it is settled with the first edition."""
        return ["slug"] if obj and Edition.objects.filter(issue__publication=obj).exists() else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Publication | None = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)


@admin.register(Issue)
class IssueAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["__str__", "publication", "planned_for", "status", "published_at"]
    list_filter = ["status", "publication", "planned_for"]
    search_fields = ["title", "subject", "slug"]
    date_hierarchy = "planned_for"
    list_select_related = ["publication"]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return redirect("issues:start")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The composer, inside the admin's frame."""
        issue = access.issue(request.user, int(object_id) if object_id.isdecimal() else 0, access.READ)
        may_write = issue.editable and request.user.has_perm(access.WRITE)
        context = {
            **self.admin_site.each_context(request),
            "title": str(issue),
            **page(issue, may_write=may_write),
        }
        return TemplateResponse(request, "admin/issues/issue/composer.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """What readers may have seen stays; a draft may go."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.editions.exists())


@admin.register(Edition)
class EditionAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["subject", "issue", "number", "frozen_at", "frozen_by", "seal"]
    list_filter = ["issue__publication", "frozen_at"]
    search_fields = ["subject", "seal"]
    list_select_related = ["issue", "frozen_by"]


@admin.register(Block)
class BlockAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["kind", "issue", "position", "rev", "removed_at"]
    list_filter = ["kind", "issue__publication"]
    search_fields = ["issue__title", "uid"]
    list_select_related = ["issue"]


@admin.register(IssueEvent)
class IssueEventAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["at", "issue", "what", "by", "note"]
    list_filter = ["what", "at"]
    search_fields = ["issue__title", "note"]
    list_select_related = ["issue", "by"]


@admin.register(FundingRound)
class FundingRoundAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["company", "amount", "currency", "series", "purpose", "issue"]
    list_filter = ["currency", "issue__publication"]
    search_fields = ["company", "purpose"]
    list_select_related = ["issue"]


@admin.register(Image)
class ImageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["digest", "width", "height", "added_at"]
    search_fields = ["digest"]
