"""A reader's own page: what they told us, the lists they are on, what we know, and how to be forgotten."""

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from newsroom.audience import consents, personal, preferring, subscribing, suppressing
from newsroom.audience.models import MailingList, Reason, Status, Subscriber, Subscription
from newsroom.lib.errors import Refused
from newsroom.lib.forms import fields_only, posted
from newsroom.lib.text import one_line

SOURCE = "preference page"


class AboutForm(forms.Form):
    """What a reader may tell of themselves: a name, and what their lists ask for."""

    name = forms.CharField(
        max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    helper = fields_only()

    def __init__(self, *args: Any, asks: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, ask in enumerate(asks):
            self.fields[f"attribute{number}"] = forms.CharField(label=ask, max_length=200, required=False)
        self.asks = asks

    def attributes(self) -> dict[str, str]:
        """What was written, by name of the attribute."""
        return {ask: one_line(self.cleaned_data[f"attribute{n}"], 200) for n, ask in enumerate(self.asks)}


@csrf_exempt  # readers have no cookies; the token in the address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Everything a reader can decide, each with a button of its own."""
    subscription = _known(token)
    if subscription is None:
        return render(request, "audience/nobody.html")
    person = subscription.subscriber
    form = _about(person, subscription.mailing_list)
    said: dict[str, object] = {}
    if request.method == "POST":
        try:
            fields = posted(request)
            if fields.get("act") == "about":
                form = _about(person, subscription.mailing_list, fields)
            said = {"done": _done(request, token, person, form)}
        except Refused as error:
            said = {"error": str(error)}
        person.refresh_from_db()
    values = {
        "token": token,
        "person": person,
        "form": form,
        "lists": _lists(person),
        "never": suppressing.find(person.email),
    }
    return render(request, "audience/preferences.html", values | said, status=422 if form.errors else 200)


@never_cache
@require_safe
def data(_request: HttpRequest, token: str) -> HttpResponse:
    """What is known of the reader, as a file."""
    subscription = _known(token)
    if subscription is None:
        raise Http404("Nothing is known of whom this address was for.")
    return HttpResponse(
        personal.as_file(subscription.subscriber),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="what-we-know-about-you.json"'},
    )


@csrf_exempt  # readers have no cookies; the token in the address is the permission
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, token: str) -> HttpResponse:
    """A page that says in numbers what is erased, with one button."""
    subscription = _known(token)
    if subscription is None:
        return render(request, "audience/nobody.html")
    person = subscription.subscriber
    values = {"token": token, "person": person, "holdings": personal.holdings(person)}
    if request.method == "POST":
        personal.erase(person, by=None, now=timezone.now())
        values |= {"erased": True, "never": not subscribing.may_come_back(person.email)}
    return render(request, "audience/erase.html", values)


def _done(request: HttpRequest, token: str, person: Subscriber, form: AboutForm) -> str:
    """Do what the button says; the sentence for it. Raises ``Refused``."""
    now, printing = timezone.now(), subscribing.printing_of(token)
    match request.POST.get("act"):
        case "about" if form.is_valid():
            personal.correct(
                person, name=one_line(form.cleaned_data["name"], 120), attributes=form.attributes()
            )
            return "Saved."
        case "lists":
            words = "The lists you want"
            evidence = consents.seen(request, source=SOURCE, words=words, printing=printing)
            return str(preferring.choose(person, request.POST.getlist("list"), evidence=evidence, now=now))
        case "leave":
            evidence = consents.seen(request, source=SOURCE, words="Leave everything", printing=printing)
            subscribing.leave_everything(person, by="preferences", now=now, evidence=evidence)
            return "You have left everything. If an issue was on its way already, it is the last."
        case "never":
            suppressing.suppress(person.email, Reason.ASKED, now=now, note="On the preference page.")
            return "We will never write to you again."
    return ""


def _about(person: Subscriber, mailing_list: MailingList, fields: QueryDict | None = None) -> AboutForm:
    asks = list(dict.fromkeys([*mailing_list.asks, *_asked_by_others(person)]))
    initial = {f"attribute{n}": person.attributes.get(ask, "") for n, ask in enumerate(asks)}
    return AboutForm(fields, asks=asks, initial={"name": person.name, **initial})


def _asked_by_others(person: Subscriber) -> list[str]:
    lists = MailingList.objects.filter(subscriptions__subscriber=person, subscriptions__status=Status.ACTIVE)
    return [ask for each in lists for ask in each.asks]


def _lists(person: Subscriber) -> list[tuple[MailingList, Subscription | None]]:
    """Every list of the house, with the reader's subscription if there is one."""
    have = {each.mailing_list_id: each for each in person.subscriptions.all()}
    return [(each, have.get(each.pk)) for each in MailingList.objects.all()]


def _known(token: str) -> Subscription | None:
    """Whose page it is; None for somebody erased. Raises ``Http404`` for a token that is not ours."""
    pk = subscribing.named(token)
    if pk is None:
        raise Http404("Nobody has this address.")
    return subscribing.find(pk)
