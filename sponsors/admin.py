"""Advertisers, their words and their bookings."""

from django.contrib import admin

from newsroom.lib.listing import ReadOnlyAdmin
from sponsors.models import Advertiser, Booking, Creative


@admin.register(Advertiser)
class AdvertiserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "added_at"]
    search_fields = ["name"]


@admin.register(Creative)
class CreativeAdmin(ReadOnlyAdmin):
    list_display = ["advertiser", "headline", "approved", "added_at"]
    list_filter = ["approved", "advertiser"]
    search_fields = ["headline", "body", "advertiser__name"]
    list_select_related = ["advertiser"]


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    list_display = ["issue", "placement", "advertiser", "booked_at"]
    list_filter = ["placement", "issue__publication"]
    search_fields = ["advertiser__name", "issue__title"]
    list_select_related = ["issue", "advertiser"]
