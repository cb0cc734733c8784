"""Sends and deliveries: to be seen and searched; verbs write them."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from newsroom.delivery.models import Delivery, Send, SendEvent


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Send)
class SendAdmin(ReadOnlyAdmin):
    list_display = ["issue", "status", "scheduled_for", "started_at", "finished_at", "waiting_for"]
    list_filter = ["status", "issue__publication", "scheduled_for"]
    search_fields = ["issue__title"]
    list_select_related = ["issue"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["send", "subscription", "status", "attempts", "at", "reply"]
    list_filter = ["status"]
    search_fields = ["subscription__subscriber__email", "reply"]
    list_select_related = ["send__edition", "subscription__subscriber", "subscription__mailing_list"]
    show_full_result_count = False


@admin.register(SendEvent)
class SendEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "send", "what", "by", "note"]
    list_filter = ["what"]
    search_fields = ["note", "send__edition__subject"]
    list_select_related = ["send__edition", "by"]
