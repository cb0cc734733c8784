"""What mail servers send back, read: real cases, and anybody's bytes."""

from email.message import EmailMessage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from newsroom.delivery.returns.bounces import Finding, Kind, read

TAG = "0123456789abcdef0123456789abcdef01234567"


def report(
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 User unknown",
    *,
    to: str = f"b+{TAG}@x.example",
    number: str = "<one@mx.example>",
) -> bytes:
    """A delivery status report, much as Postfix writes it."""
    diagnosis = f"Diagnostic-Code: {said}\n" if said else ""
    return f"""\
From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: {number}
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

I'm sorry to have to inform you.
--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; ann@readers.example
Action: {action}
Status: {status}
{diagnosis}
--cut--
""".encode()


def plain(subject: str, words: str, sender: str = "MAILER-DAEMON@mx.example", **headers: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, f"b+{TAG}@x.example", subject
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(words)
    return mail.as_bytes()


# the corpus


def test_of_real_bounces_95_in_100_are_read_right_and_nothing_else_is_taken_for_one(corpus, capsys):
    call_command("bounces", "--check", str(corpus / "dsn"))
    assert "7 other mails, 0 taken for something else" in capsys.readouterr().out


@pytest.mark.parametrize("labels", ["", "[]", '{"expected": 5}', '{"expected": {}}'])
def test_a_folder_without_labels_is_said_to_be_one(tmp_path, labels):
    if labels:
        (tmp_path / "expected.json").write_text(labels)
    with pytest.raises(CommandError, match="no labelled bounces"):
        call_command("bounces", "--check", str(tmp_path))


# by rule


def test_a_report_names_the_message_by_the_return_path():
    found = read(report())
    assert (found.kind, found.status, found.tags, found.number) == (
        Kind.HARD,
        "5.1.1",
        (TAG,),
        "<one@mx.example>",
    )


@pytest.mark.parametrize(
    ("action", "status", "said", "kind"),
    [
        ("failed", "5.1.1", "smtp; 550 5.1.1 User unknown", Kind.HARD),
        ("failed", "5.1.2", "", Kind.HARD),
        ("failed", "5.4.4", "X-Postfix; Host or domain name not found", Kind.HARD),
        ("failed", "5.0.0", "smtp; 550 No such user here", Kind.HARD),
        ("failed", "5.2.2", "smtp; 552 5.2.2 Mailbox full", Kind.SOFT),
        ("failed", "5.1.1", "smtp; 552 5.1.1 Mailbox is over quota", Kind.SOFT),
        ("failed", "5.7.1", "smtp; 550 5.7.1 Blocked: user unknown to our spam policy", Kind.SOFT),
        ("failed", "5.1.8", "smtp; 553 5.1.8 Sender address does not exist", Kind.SOFT),
        ("failed", "4.4.1", "X-Postfix; connection timed out", Kind.SOFT),
        ("delayed", "4.4.1", "X-Postfix; connection timed out", Kind.DELAY),
        ("delivered", "2.0.0", "", Kind.NOTHING),
        ("relayed", "2.0.0", "", Kind.NOTHING),
    ],
)
def test_hard_is_only_where_nobody_is_there(action, status, said, kind):
    assert read(report(action, status, said)).kind == kind


def test_a_general_code_gives_way_to_what_the_server_said():
    assert read(report("failed", "5.0.0", "smtp; 550 5.7.26 Unauthenticated")).status == "5.7.26"


def test_words_for_people_are_read_too():
    found = read(
        plain(
            "failure notice",
            "Hi. This is the qmail-send program.\n\n<a@b.example>:\n550 5.1.1 No such user\n",
        )
    )
    assert (found.kind, found.status) == (Kind.HARD, "5.1.1")


@pytest.mark.parametrize("sender", [b"", b"From:\n", b"From: <>\n"])
def test_words_of_a_server_that_does_not_say_who_it_is_are_read(sender):
    head = b"Return-Path: <>\n" + sender + f"To: b+{TAG}@x.example\nSubject: Delivery failure\n\n".encode()
    found = read(head + b"550 5.1.1 <ann@readers.example>: no such user\n")
    assert (found.kind, found.status, found.tags[0]) == (Kind.HARD, "5.1.1", TAG)


def test_what_is_quoted_says_nothing():
    words = "Delivery failed.\n421 busy\n\n--- Below this line is a copy of the message.\n\n550 5.1.1 User unknown\n"
    assert read(plain("failure notice", words)).kind == Kind.SOFT


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("Out of office: Ann", {}),
        ("Re: Your newsletter", {"Auto_Submitted": "auto-replied"}),
        ("Automatic reply: Boats", {}),
        ("Undeliverable?", {"Precedence": "auto_reply"}),
    ],
)
def test_who_is_away_has_not_bounced(subject, headers):
    assert (
        read(plain(subject, "550 user unknown, as they say", "ann@readers.example", **headers)).kind
        == Kind.NOTHING
    )


def test_people_are_not_taken_for_servers():
    words = "Hello, why do I get “550 5.1.1 user unknown” when I write to you?"
    assert read(plain("Mail delivery failed", words, "ann@readers.example")).kind == Kind.NOTHING
    assert read(plain("A question", words, "ann@readers.example")).kind == Kind.NOTHING


@pytest.mark.parametrize(("sort", "kind"), [("abuse", Kind.COMPLAINT), ("not-spam", Kind.NOTHING)])
def test_feedback_is_a_complaint_unless_it_says_otherwise(sort, kind):
    mail = MIMEMultipart("report", report_type="feedback-report")
    mail["From"], mail["To"] = "fbl@provider.example", "abuse@x.example"
    mail.attach(MIMEText("This is an email abuse report."))
    part = MIMEText(f"Feedback-Type: {sort}\nVersion: 1\n")
    part.replace_header("Content-Type", "message/feedback-report")
    mail.attach(part)
    quoted = EmailMessage()
    quoted["List-Unsubscribe"] = f"<https://news.example/u/{'Ab-_' * 6}xyz/>"
    mail.attach(MIMEMessage(quoted))
    found = read(mail.as_bytes())
    assert (found.kind, found.tags) == (kind, ("Ab-_" * 6 + "xyz",))


def test_the_case_of_the_tag_does_not_matter():
    assert read(report(to=f"B+{TAG.upper()}@X.EXAMPLE")).tags == (TAG,)


# anybody's bytes


@given(st.binary(max_size=400))
def test_any_bytes_are_read(content):
    assert isinstance(read(content), Finding)


PIECES = [
    b"Content-Type: multipart/report; boundary=x\n", b"--x\n", b"--x--\n", b"\n", b"Content-Type: message/delivery-status\n",
    b"Final-Recipient: rfc822; a@b\n", b"Action: failed\n", b"Status: 5.1.1\n", b"From: MAILER-DAEMON\n", b"\xff\xfe\0",
    b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"Content-Type: message/feedback-report\n",
    b"To: b+" + TAG.encode() + b"@x\n", b"Subject: =?utf-8?b?////?=\n", b"550 5.1.1 user unknown\n", b"Return-Path: <>\n",
    b"Content-Type: text/plain; charset=\"\xf0\"\n", b"Auto-Submitted: auto-replied\n", b" \n",
]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=30))
def test_whatever_looks_like_a_report_is_read(pieces):
    found = read(b"".join(pieces))
    assert len(found.said) <= 400
    assert found.said.isprintable()
    assert all(len(tag) in (27, 40) for tag in found.tags)


def test_mail_nested_a_thousand_times_is_read():
    content = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(2000))
    assert read(content).kind == Kind.NOTHING
