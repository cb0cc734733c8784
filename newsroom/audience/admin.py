"""Lists, people and subscriptions."""

from django.contrib import admin

from newsroom.audience.models import MailingList, Subscriber, Subscription
from newsroom.lib.listing import ReadOnlyAdmin


@admin.register(MailingList)
class MailingListAdmin(ReadOnlyAdmin):
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin):
    list_display = ["email", "name", "added_at"]
    search_fields = ["email", "name"]
    list_filter = ["added_at"]


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ["subscriber", "mailing_list", "status", "source", "asked_at", "left_at"]
    list_filter = ["status", "mailing_list", "asked_at"]
    search_fields = ["subscriber__email", "subscriber__name"]
    list_select_related = ["subscriber", "mailing_list"]
