"""The admin lists everything; an issue's own page there is the composer."""

from typing import Any

from django.contrib import admin
from django.db.models import URLField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from issues import access
from issues.forms import PublicationForm
from issues.models import (
    Block,
    Circulation,
    Comment,
    Contributor,
    Edition,
    FundingRound,
    Holiday,
    Image,
    Issue,
    IssueEvent,
    Publication,
    Revision,
    SetAside,
)
from issues.views.composing import page
from newsroom.lib.listing import ReadOnlyAdmin


class HolidayInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Holiday
    extra = 1


@admin.register(Publication)
class PublicationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = PublicationForm
    list_display = ["name", "slug", "sender_email", "time_zone", "usual_time"]
    search_fields = ["name", "slug", "tagline"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [HolidayInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "tagline", "language"]}),
        ("Sender", {"fields": ["sender_name", "sender_email", "reply_to", "postal_address"]}),
        ("Hours", {"fields": ["time_zone", "usual_time", "window_minutes"]}),
        ("Sending", {"fields": ["canary"]}),
        ("Days", {"fields": ["weekdays", "weeks_ahead", "rundown"]}),
        ("Looks", {"fields": ["masthead", "logo_upload", "no_logo", "accent", "ink", "paper", "ground"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Publication | None = None) -> list[str]:
        """A slug stands in sent mail; it is settled with the first edition."""
        return ["slug"] if obj and Edition.objects.filter(issue__publication=obj).exists() else []

    def get_prepopulated_fields(self, request: HttpRequest, obj: Publication | None = None) -> dict[str, Any]:
        return {} if obj else dict(self.prepopulated_fields)


@admin.register(Contributor)
class ContributorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Whoever leaves is made inactive: bylines of drafts still name them."""

    list_display = ["name", "email", "social_label", "active"]
    list_filter = ["active"]
    search_fields = ["name", "email"]
    fields = ["name", "email", "social_label", "social_url", "user", "active"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}

    def has_delete_permission(self, request: HttpRequest, obj: Contributor | None = None) -> bool:
        return False


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
        issue = access.issue(request.user, _number(object_id), access.READ)
        context = {
            **self.admin_site.each_context(request),
            "title": str(issue),
            **page(request, issue),
        }
        return TemplateResponse(request, "admin/issues/issue/composer.html", context)

    def has_delete_permission(self, request: HttpRequest, obj: Issue | None = None) -> bool:
        """What readers may have seen stays; a draft may go."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.editions.exists())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """What belongs to an issue goes with it, although nobody may delete it alone."""
        deleted, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        own = {"block", "comment", "funding round", "issue event", "mention", "revision", "seat", "set aside"}
        return deleted, counts, forbidden - own, protected


def _number(given: str) -> int:
    """The key that an address names; no row has 0."""
    return int(given) if given.isdecimal() and len(given) < 19 else 0


@admin.register(Edition)
class EditionAdmin(ReadOnlyAdmin):
    list_display = ["subject", "issue", "number", "frozen_at", "frozen_by", "seal"]
    list_filter = ["issue__publication", "frozen_at"]
    search_fields = ["subject", "seal"]
    list_select_related = ["issue", "frozen_by"]


@admin.register(Circulation)
class CirculationAdmin(ReadOnlyAdmin):
    list_display = ["edition", "readers"]
    list_filter = ["edition__issue__publication"]
    search_fields = ["edition__subject"]
    list_select_related = ["edition"]


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    list_display = ["kind", "issue", "position", "rev", "removed_at"]
    list_filter = ["kind", "issue__publication"]
    search_fields = ["issue__title", "uid"]
    list_select_related = ["issue"]


@admin.register(IssueEvent)
class IssueEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "issue", "what", "by", "note"]
    list_filter = ["what", "at"]
    search_fields = ["issue__title", "note"]
    list_select_related = ["issue", "by"]


@admin.register(FundingRound)
class FundingRoundAdmin(ReadOnlyAdmin):
    list_display = ["company", "amount", "currency", "series", "purpose", "issue"]
    list_filter = ["currency", "issue__publication"]
    search_fields = ["company", "purpose"]
    list_select_related = ["issue"]


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ["number", "issue", "name", "by", "at"]
    list_filter = ["issue__publication", "at"]
    search_fields = ["issue__title", "name"]
    list_select_related = ["issue", "by"]


@admin.register(SetAside)
class SetAsideAdmin(ReadOnlyAdmin):
    list_display = ["kind", "issue", "why", "by", "at"]
    list_filter = ["why", "issue__publication"]
    search_fields = ["issue__title"]
    list_select_related = ["issue", "by"]


@admin.register(Comment)
class CommentAdmin(ReadOnlyAdmin):
    list_display = ["about", "issue", "by", "at", "resolved_at"]
    list_filter = ["issue__publication", "at"]
    search_fields = ["issue__title", "body", "about"]
    list_select_related = ["issue", "by"]


@admin.register(Image)
class ImageAdmin(ReadOnlyAdmin):
    list_display = ["digest", "width", "height", "added_at"]
    search_fields = ["digest"]
