"""What people at the desk say when they sell, and what a sponsor pays to say."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from issues import images
from issues.blocks.fields import RichText, web_address
from issues.models import Publication
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only
from sponsors import checks
from sponsors.models import (
    AdFormat,
    Advertiser,
    Category,
    CreativeVersion,
    InsertionOrder,
    Invoice,
    MakeGood,
    MakeGoodStatus,
    OrderStatus,
    Package,
    Scope,
)


def day_field(label: str, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options
    )


class AdvertiserField(forms.CharField):
    """An advertiser by name, offered from those we know; data is its row, made if it is new."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=120,
            widget=forms.TextInput(attrs={"list": "advertisers", "autocomplete": "off"}),
            **options,
        )

    def clean(self, value: Any) -> Any:
        name = " ".join(super().clean(value).split())
        found = Advertiser.objects.filter(name__iexact=name).first()
        if found and found.house:
            raise ValidationError("Promotions of our own need no booking: they run where nothing is sold.")
        return found or Advertiser(name=name)


class HoldForm(forms.Form):
    """For whom slots are held, and how long."""

    helper = fields_only()
    advertiser = AdvertiserField()
    hours = forms.TypedChoiceField(
        label="For",
        coerce=int,
        choices=[(24, "1 day"), (48, "2 days"), (96, "4 days"), (168, "1 week"), (336, "2 weeks")],
        initial=48,
        help_text="Never past the day by which a slot must be booked.",
    )
    behind_others = forms.BooleanField(
        label="Take a second option where somebody else holds a slot", required=False
    )


class BookForm(forms.Form):
    """For whom slots are booked, on which order and on which terms."""

    helper = fields_only()
    advertiser = AdvertiserField()
    order = forms.ModelChoiceField(
        InsertionOrder.objects.exclude(status=OrderStatus.CANCELLED).select_related("advertiser"),
        required=False,
        empty_label="A new order",
        help_text="An order that is approved or signed becomes its next revision, and is approved again.",
    )
    package = forms.ModelChoiceField(Package.objects.none(), required=False, empty_label="None")
    discount = forms.DecimalField(
        label="Discount in percent", min_value=0, max_value=100, decimal_places=2, initial=0, required=False
    )
    max_per_issue = forms.IntegerField(
        label="Times in one issue, at most", min_value=1, max_value=9, initial=1,
        help_text="More than once only if the advertiser wants to be repeated.",
    )  # fmt: skip
    exclusive = forms.ModelChoiceField(
        Category.objects.all(), required=False, empty_label="No exclusivity", label="Exclusive in its issues"
    )

    def __init__(self, *args: Any, publication: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields["package"]
        offered.queryset = Package.objects.filter(card__publication=publication).select_related("card")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        order, advertiser = given.get("order"), given.get("advertiser")
        if order and advertiser and order.advertiser != advertiser:
            self.add_error("order", f"Order {order.number} is {order.advertiser}’s.")
        return given


class BlockForm(forms.Form):
    """Why slots are not for sale."""

    helper = fields_only()
    reason = forms.CharField(max_length=120, initial="House", help_text="Stands in the calendar.")


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who is billed, and what the order refers to."""

    helper = fields_only()

    class Meta:
        model = InsertionOrder
        fields = ["agency", "po_number", "bill_to", "terms"]
        widgets = {"bill_to": forms.Textarea(attrs={"rows": 3}), "terms": forms.Textarea(attrs={"rows": 3})}


def amount_field(label: str) -> forms.DecimalField:
    """Money in cents. How much it may be is said by the verb, which knows the invoice."""
    return forms.DecimalField(label=label, max_digits=10, decimal_places=2, min_value=0)


class IssueForm(forms.Form):
    """When an invoice is to be paid."""

    helper = fields_only()
    due_in_days = forms.IntegerField(label="Due in days", min_value=0, max_value=365, initial=30)


class PaymentForm(forms.Form):
    """What came in for an invoice."""

    helper = fields_only()
    amount = amount_field("Amount received")
    received_on = day_field("Received on")
    reference = forms.CharField(
        max_length=80, required=False, help_text="As the bank has it: a transfer is recorded once."
    )

    def __init__(self, *args: Any, invoice: Invoice, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = invoice.order.publication.zone
        self.earliest = invoice.drafted_at.date() - datetime.timedelta(days=366)

    def clean_received_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["received_on"]
        if day > timezone.now().astimezone(self.zone).date():
            raise ValidationError(f"{day:%-d %b %Y} has not come yet.")
        if day < self.earliest:
            raise ValidationError(f"{day:%-d %b} {day.year} is more than a year before the invoice.")
        return day


class CreditForm(forms.Form):
    """What is taken off an invoice, and why."""

    helper = fields_only()
    amount = amount_field("Amount to credit")
    reason = forms.CharField(max_length=300, help_text="Stands on the credit note.")
    make_good = forms.ModelChoiceField(
        MakeGood.objects.none(),
        required=False,
        empty_label="None",
        label="Settles a make-good",
        help_text="It is credited whole, and then nothing more is owed for it.",
    )

    def __init__(self, *args: Any, invoice: Invoice, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields["make_good"]
        offered.queryset = MakeGood.objects.filter(
            insertion__invoice_lines__invoice=invoice,
            status__in=(MakeGoodStatus.OPENED, MakeGoodStatus.SCHEDULED),
        ).select_related(
            "insertion__line__order__advertiser", "insertion__slot__issue", "insertion__slot__placement"
        )
        offered.label_from_instance = lambda owed: f"{owed.value} for {owed.insertion.slot}: {owed.reason}"
        if not offered.queryset:
            del self.fields["make_good"]


class PeriodForm(forms.Form):
    """From which day to which."""

    helper = fields_only()
    since = day_field("From")
    until = day_field("Until")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error(
                "until", f"The period ends on {until:%-d %b %Y}, before it begins on {since:%-d %b %Y}."
            )
        return given

    @classmethod
    def of_month(cls, today: datetime.date) -> "PeriodForm":
        """This month so far."""
        return cls(initial={"since": today.replace(day=1), "until": today})


class ExclusivityForm(forms.Form):
    """Who stays out, and where."""

    helper = fields_only()
    category = forms.ModelChoiceField(Category.objects.all(), required=False, empty_label="No category")
    rivals = forms.ModelMultipleChoiceField(Advertiser.objects.none(), required=False)
    scope = forms.ChoiceField(choices=Scope)
    starts = day_field("From", required=False, help_text="The days count only for a range of days.")
    ends = day_field("Until", required=False)

    def __init__(self, *args: Any, buyer: Advertiser, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields["rivals"]
        offered.queryset = Advertiser.objects.filter(house=False).exclude(pk=buyer.pk)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("category") and not given.get("rivals"):
            raise ValidationError("Name a category or at least one rival.")
        if given.get("scope") == Scope.DATES:
            if not given.get("starts") or not given.get("ends"):
                raise ValidationError("Name both days.")
            if given["ends"] < given["starts"]:
                self.add_error("ends", "It ends before it starts.")
        return given


class LinkForm(forms.Form):
    """For whom a portal link is made, and how long it holds."""

    helper = fields_only()
    name = forms.CharField(max_length=120, help_text="Their decisions are signed with it.")
    email = forms.EmailField(
        required=False, help_text="A mail with the link is drafted; without one, copy the link."
    )
    days = forms.IntegerField(label="Days it holds", min_value=1, max_value=400, initial=60)


class PromotionForm(forms.Form):
    """Which promotion of the house it is, where it runs, and how important it is."""

    helper = fields_only()
    name = forms.CharField(max_length=120, help_text="For us; readers do not see it.")
    publication = forms.ModelChoiceField(
        Publication.objects.all(), required=False, empty_label="All newsletters"
    )
    priority = forms.IntegerField(
        min_value=0, max_value=99, initial=0, help_text="Of several, the one with the highest stands first."
    )


class CreativeForm(forms.Form):
    """A sponsor's message, held to its format: each refusal says the limit and the value, and nothing that was typed is lost."""

    helper = fields_only()
    headline = forms.CharField(max_length=200, required=False)
    body = RichText(label="Message")
    url = web_address()
    cta = forms.CharField(label="Words of the link", max_length=60, required=False)
    upload = forms.FileField(
        label="Image",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )
    no_image = forms.BooleanField(label="Remove the image", required=False)
    alt = forms.CharField(label="What the image shows", max_length=200, required=False)
    valid_from = day_field("Not before", required=False)
    valid_until = day_field(
        "The offer ends on",
        required=False,
        help_text="Afterwards the archive says that the message has ended.",
    )

    def __init__(
        self,
        *args: Any,
        form_of: AdFormat,
        before: CreativeVersion | None,
        day: datetime.date,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.format, self.before, self.day = form_of, before, day
        self.fields["headline"].help_text = f"At most {form_of.headline_max} characters."
        self.fields["body"].help_text = f"At most {form_of.body_max} characters, {form_of.max_links} links."
        self.fields["cta"].help_text = f"At most {form_of.cta_max} characters."
        self.fields[
            "upload"
        ].help_text = f"At least {form_of.image_width} × {form_of.image_height} pixels, at most {form_of.image_max_kb} KB."
        if form_of.image == "none":
            for name in ("upload", "no_image", "alt"):
                del self.fields[name]
        elif not (before and before.image_id):
            del self.fields["no_image"]

    @staticmethod
    def showing(version: CreativeVersion | None) -> dict[str, Any]:
        """What stands in the form of a version."""
        names = ("headline", "body", "url", "cta", "alt", "valid_from", "valid_until")
        return {name: getattr(version, name) for name in names} if version else {}

    def clean_upload(self) -> Any:
        upload = self.cleaned_data["upload"]
        if upload is None:
            return None
        if upload.size > images.BYTES_AT_MOST:
            raise ValidationError(checks.too_heavy(self.format, upload.size) or "This picture is over 8 MB.")
        try:
            decoded = images.decode(upload)
        except Refused as error:
            raise ValidationError(str(error)) from error
        found = checks.image_findings(self.format, upload, upload.size)
        if found:
            raise ValidationError([each.sentence for each in found])
        return decoded

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for finding in checks.word_findings(self.format, given, has_image=self._has_image(given)):
            self.add_error(finding.field if finding.field in self.fields else None, finding.sentence)
        if (
            given.get("valid_from")
            and given.get("valid_until")
            and given["valid_until"] < given["valid_from"]
        ):
            self.add_error("valid_until", "The offer ends before it begins.")
        else:
            self._lives_through_the_day(given.get("valid_from"), given.get("valid_until"))
        return given

    def _lives_through_the_day(self, since: datetime.date | None, until: datetime.date | None) -> None:
        """The offer has to hold on the day of the issue."""
        lapse = checks.lapses(CreativeVersion(valid_from=since, valid_until=until), self.day)
        if lapse:
            field = "valid_until" if until and until < self.day else "valid_from"
            self.add_error(field, f"{lapse[0].upper()}{lapse[1:]}.")

    def words(self) -> dict[str, Any]:
        """The fields of a version, with the image kept."""
        given = dict(self.cleaned_data)
        decoded, removed = given.pop("upload", None), given.pop("no_image", False)
        before = self.before.image if self.before and not removed else None
        given["image"] = images.keep(decoded) if decoded else before
        if given["image"] is None:
            given["alt"] = ""
        return given

    def _has_image(self, given: dict[str, Any]) -> bool:
        kept = bool(self.before and self.before.image_id) and not given.get("no_image")
        refused = "upload" in self.errors  # it said why: nobody has to be told that there is none
        return bool(given.get("upload")) or refused or kept
