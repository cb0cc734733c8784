"""Lists, people and subscriptions."""

from django.contrib import admin

from newsroom.audience.models import MailingList, Subscriber, Subscription


@admin.register(MailingList)
class MailingListAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    readonly_fields = ["slug"]


@admin.register(Subscriber)
class SubscriberAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["email", "name", "added_at"]
    search_fields = ["email", "name"]
    list_filter = ["added_at"]


@admin.register(Subscription)
class SubscriptionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["subscriber", "mailing_list", "status", "source", "asked_at", "left_at"]
    list_filter = ["status", "mailing_list", "asked_at"]
    search_fields = ["subscriber__email", "subscriber__name"]
    list_select_related = ["subscriber", "mailing_list"]
    readonly_fields = [
        "subscriber",
        "mailing_list",
        "status",
        "source",
        "asked_at",
        "confirmed_at",
        "left_at",
        "left_by",
        "mail_due_at",
    ]
