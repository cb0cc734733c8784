"""What a sponsor pays to say."""

from django import forms

from issues.blocks.fields import RichText, web_address
from newsroom.lib.forms import fields_only
from sponsors.models import Placement


class BookingForm(forms.Form):
    """A placement, its advertiser and their words."""

    helper = fields_only()
    placement = forms.ChoiceField(choices=Placement)
    advertiser = forms.CharField(
        max_length=120, help_text="Readers see “A message from …”; it is not part of the words."
    )
    headline = forms.CharField(max_length=200, required=False)
    body = RichText(label="Words")
    url = web_address()
    cta = forms.CharField(label="Words of the link", max_length=60, required=False)
    approved = forms.BooleanField(
        label="The advertiser has approved these words", required=False, initial=True
    )
