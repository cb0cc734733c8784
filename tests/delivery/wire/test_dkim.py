"""Our signatures hold before an independent verifier, and break when anything that readers rely on is changed."""

import base64
import smtplib
from types import SimpleNamespace

import dkim as verifier
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from newsroom.delivery.relay.housemail import EmailBackend
from newsroom.delivery.wire.dkim import Signer, own_signer, signed, signed_letter
from newsroom.delivery.wire.letter import Unaddressable, compile_letter
from tests.delivery.relays import fake_relay
from tests.make import NOW, make_approved_issue

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.generate()
KEYS = pytest.mark.parametrize("key", [RSA, ED], ids=["rsa", "ed25519"])


def pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def record(key) -> bytes:
    """What stands in the domain's name server."""
    if key is ED:
        public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


class _Verifying:
    """What dkimpy asks of PyNaCl, which is not here, answered by cryptography. All the rest of the verifying is dkimpy's own."""

    class BadSignatureError(Exception):
        pass

    ValueError = ValueError

    def __init__(self, key: bytes, encoder: object) -> None:
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(key))

    def verify(self, words: bytes, signature: bytes) -> None:
        try:
            self._key.verify(signature, words)
        except InvalidSignature as error:
            raise self.BadSignatureError from error


@pytest.fixture(autouse=True)
def verifies_ed25519(monkeypatch) -> None:
    nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=_Verifying), encoding=SimpleNamespace(Base64Encoder=None), exceptions=_Verifying
    )  # fmt: skip
    monkeypatch.setattr(verifier, "nacl", nacl, raising=False)


def holds(message: bytes, key) -> bool:
    asked = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record(key)

    held = verifier.verify(message, dnsfunc=dns)
    assert set(asked) <= {b"news._domainkey.harbour.example."}
    return held


@pytest.fixture
def letter(db):
    issue = make_approved_issue()
    return compile_letter(issue.edition, issue.publication, printing=7, date=NOW)


@pytest.fixture
def by_key(settings):
    def choose(key) -> None:
        settings.DKIM_KEY, settings.DKIM_DOMAIN, settings.DKIM_SELECTOR = pem(key), "harbour.example", "news"

    return choose


@KEYS
def test_every_message_of_a_letter_verifies(letter, by_key, key):
    by_key(key)
    ours = signed_letter(letter)
    for reader in range(5):
        _, message = ours.message(reader, f"r{reader}@readers.example", "Zoë Falk" * (reader % 3))
        assert holds(message, key), reader


@pytest.mark.django_db
@example_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=80))
def test_whatever_a_reader_is_called(letter, by_key, name):
    by_key(ED)
    try:
        _, message = signed_letter(letter).message(3, "r@readers.example", name)
    except Unaddressable:
        return
    assert holds(message, ED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"List-Unsubscribe: <http", b"List-Unsubscribe: <xttp"),
        (b"List-Unsubscribe=One-Click", b"List-Unsubscribe=Two-Click"),
        (b"Subject: ", b"Subject: Not "),
        (b"\r\nFrom: ", b"\r\nFrom: evil@evil.example\r\nFrom: "),
        (b"</body>", b"<b></body>"),
    ],
)
def test_what_readers_rely_on_cannot_be_changed(letter, by_key, before, after):
    by_key(RSA)
    _, message = signed_letter(letter).message(1, "r@readers.example", "")
    assert before in message
    assert holds(message, RSA)
    assert not holds(message.replace(before, after, 1), RSA)


def test_without_a_key_the_letter_is_the_very_same(letter):
    assert signed_letter(letter) is letter
    assert signed(b"From: a\r\n\r\nb\r\n") == b"From: a\r\n\r\nb\r\n"


@KEYS
@pytest.mark.parametrize("body", ["Confirm,  Zoë: \r\n\r\n\tyes \n.\n\n \n", "word " * 300, "\n", ""])
def test_the_own_mail_of_the_house_verifies(settings, by_key, key, body):
    by_key(key)
    settings.EMAIL_BACKEND = "newsroom.delivery.relay.housemail.EmailBackend"
    with fake_relay() as relay:
        settings.EMAIL_HOST, settings.EMAIL_PORT = relay.relay.host, relay.relay.port
        mail = EmailMessage(
            "Größe", body, "The Harbour <post@harbour.example>", ["zoë@läser.example"], cc=["b@c.example"]
        )
        assert mail.send() == 1
    received = {message for _, message in relay.taken}
    assert received
    for message in received:
        assert holds(message, key)
        assert not holds(message.replace(b"Cc: b@", b"Cc: c@"), key)


def test_a_connection_that_is_secured_from_the_first_byte_signs_too():
    assert EmailBackend(use_ssl=True).connection_class.sendmail is EmailBackend().connection_class.sendmail
    assert issubclass(EmailBackend(use_ssl=True).connection_class, smtplib.SMTP_SSL)


def test_one_signer_signs_different_letters_in_turn(letter, db):
    issue = make_approved_issue(title="Another")
    other = compile_letter(issue.edition, issue.publication, printing=8, date=NOW)
    signer = Signer(pem(ED), domain="harbour.example", selector="news")
    for turn in range(6):
        _, message = (letter, other)[turn % 2].message(turn, "r@readers.example", "")
        assert holds(signer.header(message) + message, ED)


def test_settings_that_cannot_sign_are_told(settings):
    settings.DKIM_KEY, settings.DKIM_DOMAIN, settings.DKIM_SELECTOR = "no key", "harbour.example", "news"
    with pytest.raises(ImproperlyConfigured, match="no private key"):
        own_signer()
    settings.DKIM_KEY = pem(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ImproperlyConfigured, match="neither"):
        own_signer()
    settings.DKIM_SELECTOR = ""
    with pytest.raises(ImproperlyConfigured, match="together"):
        own_signer()
