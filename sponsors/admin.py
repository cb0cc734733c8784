"""What is set up by hand: inventory, rate cards, parties. What verbs write is seen here, never edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from issues.forms import Weekdays
from newsroom.lib.listing import ReadOnlyAdmin
from sponsors import access
from sponsors.models import (
    AdFormat,
    Advertiser,
    AuditEvent,
    Category,
    Contact,
    Creative,
    CreativeVersion,
    CreditNote,
    ExclusionLabel,
    Exclusivity,
    Insertion,
    InsertionOrder,
    Invoice,
    Package,
    Payment,
    Placement,
    RateCard,
    RateCardItem,
    RunRecord,
)


class ContactInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Contact
    extra = 1


@admin.register(Advertiser)
class AdvertiserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nothing with money is deleted: an advertiser stays, with what it bought."""

    list_display = ["name", "category", "owner", "house", "added_at"]
    list_filter = ["house", "category", "labels"]
    search_fields = ["name", "other_names"]
    autocomplete_fields = ["parents", "rivals"]
    filter_horizontal = ["labels"]
    inlines = [ContactInline]

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Category, ExclusionLabel)
class NameAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    search_fields = ["name"]


@admin.register(AdFormat)
class AdFormatAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "label_template", "second_cue", "headline_max", "body_max", "image"]
    search_fields = ["name", "label_template"]


@admin.register(Placement)
class PlacementAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "publication", "rule", "capacity", "fallback", "retired_at"]
    list_filter = ["publication", "fallback"]
    search_fields = ["name", "code"]
    fieldsets = [
        (None, {"fields": ["publication", "code", "name", "position", "format", "capacity", "retired_at"]}),
        ("Where it stands", {"fields": ["rule", "nth", "drift", "apart"]}),
        ("When it is sold", {"fields": ["weekdays", "fallback"]}),
        ("Deadlines", {"fields": ["book_days", "creative_days", "proof_days"]}),
    ]

    def formfield_for_dbfield(self, db_field, request, **options):  # type: ignore[no-untyped-def]
        if db_field.name == "weekdays":
            return Weekdays(label="Sold on", initial=db_field.get_default())
        return super().formfield_for_dbfield(db_field, request, **options)

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """Retired, never deleted: its slots were sold."""
        return False


class RateCardItemInline(admin.TabularInline):  # type: ignore[type-arg]
    model = RateCardItem
    extra = 1


class PackageInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Package
    extra = 0
    filter_horizontal = ["placements"]


@admin.register(RateCard)
class RateCardAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "publication", "currency", "valid_from", "valid_to"]
    list_filter = ["publication"]
    search_fields = ["name"]
    inlines = [RateCardItemInline, PackageInline]


@admin.register(Creative)
class CreativeAdmin(ReadOnlyAdmin):
    list_display = ["advertiser", "name", "priority", "added_at"]
    list_filter = ["advertiser"]
    search_fields = ["name", "advertiser__name"]
    list_select_related = ["advertiser"]


@admin.register(CreativeVersion)
class CreativeVersionAdmin(ReadOnlyAdmin):
    list_display = ["creative", "number", "headline", "status", "submitted_at"]
    list_filter = ["status", "creative__advertiser"]
    search_fields = ["headline", "body", "creative__advertiser__name"]
    list_select_related = ["creative__advertiser"]


@admin.register(InsertionOrder)
class InsertionOrderAdmin(ReadOnlyAdmin):
    list_display = ["number", "revision", "advertiser", "publication", "status", "created_at"]
    list_filter = ["status", "publication"]
    search_fields = ["number", "advertiser__name", "po_number"]
    list_select_related = ["advertiser", "publication"]


@admin.register(Insertion)
class InsertionAdmin(ReadOnlyAdmin):
    list_display = ["slot", "line", "status", "fault", "price", "booked_at"]
    list_filter = ["status", "fault", "slot__issue__publication"]
    search_fields = ["line__order__advertiser__name", "line__order__number", "token"]
    list_select_related = ["slot__issue", "slot__placement", "line__order__advertiser"]


@admin.register(Exclusivity)
class ExclusivityAdmin(ReadOnlyAdmin):
    list_display = ["line", "scope", "category", "starts", "ends"]
    list_filter = ["scope"]
    search_fields = ["line__order__number", "line__order__advertiser__name"]
    list_select_related = ["line__order", "category"]


@admin.register(RunRecord)
class RunRecordAdmin(ReadOnlyAdmin):
    list_display = ["insertion", "edition", "place", "sent_at"]
    list_filter = ["sent_at"]
    search_fields = ["insertion__line__order__advertiser__name", "seal"]
    list_select_related = [
        "insertion__slot__issue",
        "insertion__slot__placement",
        "insertion__line__order__advertiser",
        "edition",
    ]


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "order", "status", "currency", "issued_at", "due_on"]
    list_filter = ["status", "order__publication"]
    search_fields = ["number", "order__number", "order__advertiser__name", "po_number"]
    list_select_related = ["order__advertiser"]


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin):
    list_display = ["invoice", "amount", "received_on", "reference", "by"]
    list_filter = ["received_on"]
    search_fields = ["invoice__number", "reference", "invoice__order__advertiser__name"]
    list_select_related = ["invoice__order", "by"]


@admin.register(CreditNote)
class CreditNoteAdmin(ReadOnlyAdmin):
    list_display = ["number", "invoice", "amount", "reason", "at", "by"]
    list_filter = ["at"]
    search_fields = ["number", "invoice__number", "reason", "invoice__order__advertiser__name"]
    list_select_related = ["invoice__order", "by"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "who", "what", "advertiser", "order", "note"]
    list_filter = ["what", "at"]
    search_fields = ["who", "note", "advertiser__name", "order__number"]
    list_select_related = ["advertiser", "order__advertiser"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        return access.trail(request.user, super().get_queryset(request))
