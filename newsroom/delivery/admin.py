"""Sends: to be seen and searched; verbs write them."""

from django.contrib import admin

from newsroom.delivery.models import Send, SendEvent
from newsroom.lib.listing import ReadOnlyAdmin


@admin.register(Send)
class SendAdmin(ReadOnlyAdmin):
    list_display = ["issue", "status", "scheduled_for", "started_at", "finished_at", "waiting_for"]
    list_filter = ["status", "issue__publication", "scheduled_for"]
    search_fields = ["issue__title"]
    list_select_related = ["issue"]


@admin.register(SendEvent)
class SendEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "send", "what", "by", "note"]
    list_filter = ["what"]
    search_fields = ["note", "send__edition__subject"]
    list_select_related = ["send__edition", "by"]
