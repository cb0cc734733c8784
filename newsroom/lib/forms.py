"""How our forms meet crispy-forms, and bodies of requests that no browser makes of them."""

from crispy_forms.helper import FormHelper
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError

from newsroom.lib.errors import Refused


def fields_only() -> FormHelper:
    """For ``{% crispy form %}``: fields and errors; the template brings the form element and the buttons."""
    shape = FormHelper()
    shape.form_tag = False
    shape.disable_csrf = True
    return shape


def posted(request: HttpRequest) -> QueryDict:
    """The fields of the body in either encoding. Raises ``Refused`` if it is neither, or too much."""
    # Django refuses what says that it is in other letters; ours are in all of them
    request.encoding = "utf-8"
    try:
        return request.POST
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        raise Refused(
            "What your browser sent could not be read. Nothing was changed; please try again."
        ) from None
