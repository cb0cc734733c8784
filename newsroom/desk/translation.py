"""Our errors, said to the person in the way their request can show them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from newsroom.lib.errors import Conflict, NewsroomError, NotNow

GetResponse = Callable[[HttpRequest], HttpResponse]


class TranslateErrors:
    """Middleware: a ``NewsroomError`` that a view lets through becomes its sentence, with 409 or 422."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, NewsroomError):
            return None
        status = 409 if isinstance(error, NotNow | Conflict) else 422
        if request.headers.get("Accept") == "application/json":
            return JsonResponse({"why": str(error)}, status=status)
        if request.headers.get("HX-Request"):
            return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
        return render(request, "desk/refused.html", {"sentence": str(error)}, status=status)
