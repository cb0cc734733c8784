"""How our forms meet crispy-forms."""

from crispy_forms.helper import FormHelper


def fields_only() -> FormHelper:
    """For ``{% crispy form %}``: fields and errors; the template brings the form element and the buttons."""
    shape = FormHelper()
    shape.form_tag = False
    shape.disable_csrf = True
    return shape
