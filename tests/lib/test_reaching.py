"""Visiting addresses of strangers: what is found, and where we never go."""

import ipaddress
import socket
import threading
import time
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.lib.reaching import visits
from newsroom.lib.reaching.networks import is_public
from newsroom.lib.reaching.visits import Reached, reach
from tests.lib.site import Site, saying, site, trust

HOME = ipaddress.ip_address("127.0.0.1")
PRIVATE = "leads to an address inside a private network, which we do not visit"


def visit(url: str, there: Site, **given) -> Reached:
    """A visit to a test's server: its host and port are allowed, and nothing else that is not public."""
    names = {"site.example": ["127.0.0.1"], "www.site.example": ["127.0.0.1"]}
    settings = {
        "resolver": lambda host: names.get(host, ["10.1.2.3"]),
        "judge": lambda address: address == HOME or is_public(address),
        "ports": {there.port, 80, 443},
        "trust": trust(),
        "timeout": 5,
    }
    return reach(url, **{**settings, **given})


def refused(url: str, **given) -> str:
    """The sentence of a visit that must end before any connection."""
    with mock.patch.object(visits.socket, "create_connection", side_effect=AssertionError(url)):
        found = reach(url, **given)
    assert (found.ok, found.status) == (False, None)
    return found.sentence


def nobody(host: str) -> list[str]:
    """A resolver that knows no host: who asks it says “does not exist”."""
    raise socket.gaierror(socket.EAI_NONAME, f"{host}: name or service not known")


def test_a_page_that_is_there_answers():
    with site(saying("200 OK", body=b"hello")) as there:
        assert visit(there.url("/a?b=c"), there) == Reached(True, 200, there.url("/a?b=c"), "answers")
    assert there.methods == ["HEAD"]
    assert there.asked[0].startswith("HEAD /a?b=c HTTP/1.1\r\nHost: site.example:")


def test_a_page_that_is_gone_is_told_in_the_usual_words():
    with site(saying("404 Ceci n’est pas")) as there:
        found = visit(there.url(), there)
    assert (found.ok, found.status, found.sentence) == (False, 404, "answers with 404 Not Found")


@pytest.mark.parametrize(
    ("status", "turned"), [(403, True), (429, True), (999, True), (404, False), (500, False)]
)
def test_being_turned_away_is_told_from_being_gone(status, turned):
    with site(saying(f"{status} x")) as there:
        assert visit(there.url(), there).turned_away == turned


@pytest.mark.parametrize("status", ["405 No", "501 No", "403 No", "400 No", "404 No", "500 No"])
def test_a_server_that_refuses_head_is_asked_properly(status):
    def says(method, target, sock):
        saying(status if method == "HEAD" else "200 OK")(method, target, sock)

    with site(says) as there:
        assert visit(there.url(), there).ok
    assert there.methods == ["HEAD", "GET"]


def test_a_server_that_hangs_up_on_head_is_asked_properly():
    def says(method, target, sock):
        if method == "GET":
            saying("200 OK")(method, target, sock)

    with site(says) as there:
        assert visit(there.url(), there).ok


def test_who_says_too_often_is_not_asked_again():
    with site(saying("429 Slow down")) as there:
        visit(there.url(), there)
    assert there.methods == ["HEAD"]


def test_a_redirect_is_followed_to_its_end():
    def says(method, target, sock):
        answer = saying("200 OK") if target == "/new/" else saying("301 Moved", "Location: /new/")
        answer(method, target, sock)

    with site(says) as there:
        assert visit(there.url("/old"), there) == Reached(True, 200, there.url("/new/"), "answers")


def test_hints_before_the_answer_are_no_answer():
    with site(saying("103 Early Hints", "Link: </x>", "", "HTTP/1.1 404 Not Found")) as there:
        assert visit(there.url(), there).status == 404


def test_a_circle_of_redirects_ends_after_five():
    with site(saying("302 Found", "Location: /")) as there:
        found = visit(there.url(), there)
    assert (found.ok, found.sentence) == (False, "redirects more than 5 times")
    assert len(there.asked) == 6


def test_a_redirect_to_nowhere_is_told():
    with site(saying("302 Found")) as there:
        assert visit(there.url(), there).sentence == "redirects, but does not say where"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/meta-data/",
        "//[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "http://intranet.example/",
    ],
)
def test_a_redirect_into_a_private_network_is_not_followed(target):
    with site(saying("302 Found", f"Location: {target}")) as there:
        found = visit(there.url(), there)
    assert (found.ok, found.sentence) == (False, PRIVATE)
    assert there.methods == ["HEAD"]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("file:///etc/passwd", "is no web address: it must begin"),
        ("gopher://site.example/", "is no web address: it must begin"),
        ("http://me:secret@site.example/", "carries a user name or password"),
        ("http://site.example:22/", "names port 22"),
        ("http://[::1/", "redirects to something that is no web address"),
        ("http://site.example/\r\n\tX-Injected: yes", "redirects to something that is no web"),
    ],
)
def test_a_redirect_is_judged_like_an_address_of_its_own(target, sentence):
    with site(saying("302 Found", f"Location: {target}")) as there:
        assert visit(there.url(), there).sentence.startswith(sentence)
    assert there.methods == ["HEAD"]


@pytest.mark.parametrize("path", ["/a%0d%0aX-Injected:%20yes", "/a b", "/é", "/?q=é b"])
def test_nothing_in_an_address_ends_a_line_of_the_question(path):
    def says(method, target, sock):
        answer = saying("302 Found", f"Location: {path}") if target == "/start" else saying("200 OK")
        answer(method, target, sock)

    with site(says) as there:
        assert visit(there.url("/start"), there).ok
    assert [line.split(":")[0] for line in there.asked[1].split("\r\n")[1:] if line] == [
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
        "Connection",
    ]


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH_9.9\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 300]
)
def test_garbage_is_no_answer(answer):
    with site(lambda method, target, sock: sock.sendall(answer)) as there:
        found = visit(there.url(), there)
    assert (found.ok, found.sentence) == (False, "answers, but not as a web page does")


def test_a_server_that_drips_is_left_when_the_time_is_up():
    gone = threading.Event()

    def says(method, target, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not gone.wait(0.02):
            sock.sendall(b"z")

    with site(says) as there:
        started = time.monotonic()
        found = visit(there.url(), there, timeout=0.4)
        gone.set()
    assert found.sentence == "does not answer within 0.4 seconds"
    assert time.monotonic() - started < 2


def test_a_lookup_that_hangs_is_left_when_the_time_is_up():
    gone = threading.Event()
    assert "within 0.1 seconds" in refused(
        "http://slow.example/", timeout=0.1, resolver=lambda _: gone.wait(5)
    )
    gone.set()


def test_a_head_without_end_is_read_to_64_kilobytes():
    sent = []

    def says(method, target, sock):
        sock.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            sent.append(sock.send(b"X-More: and more\r\n" * 100))

    with site(says) as there:
        assert visit(there.url(), there).sentence == "answers, but not as a web page does"


def test_a_huge_body_is_not_read():
    def says(method, target, sock):
        saying("405 No" if method == "HEAD" else "200 OK", "Content-Length: 99999999999")(
            method, target, sock
        )
        while method == "GET":
            sock.sendall(b"x" * 65536)

    with site(says) as there:
        assert visit(there.url(), there).ok


def test_nobody_there_does_not_answer():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        there = Site(sock.getsockname()[1])
        assert visit(there.url(), there) == Reached(False, None, there.url(), "does not answer")


def test_a_second_address_is_tried_when_the_first_is_silent():
    with site(saying("200 OK")) as there:
        found = visit(there.url(), there, resolver=lambda _: ["127.0.0.2", "127.0.0.1"], judge=lambda _: True)
    assert found.ok


def test_a_certificate_of_the_host_is_good():
    with site(saying("200 OK"), tls=True) as there:
        assert visit(there.url(scheme="https"), there).ok


@pytest.mark.parametrize("host", ["www.site.example", "127.0.0.1"])
def test_a_certificate_of_another_host_is_not(host):
    with site(saying("200 OK"), tls=True) as there:
        found = visit(there.url(scheme="https", host=host), there)
    assert found.sentence == f"its certificate is not valid for {host}"
    assert there.asked == []


def test_a_certificate_that_nobody_signed_is_not():
    with site(saying("200 OK"), tls=True) as there:
        found = visit(there.url(scheme="https"), there, trust=None)
    assert found.sentence == "its certificate is signed by nobody we trust"


def test_https_where_only_http_is_spoken_does_not_answer():
    with site(saying("200 OK")) as there:
        assert visit(there.url(scheme="https"), there).sentence == "does not answer to https"


def test_a_host_is_looked_up_once_and_the_judged_address_is_visited():
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    with site(saying("403 No")) as there:
        found = visit(there.url(), there, resolver=lambda _: answers.pop(0))
    assert (found.status, there.methods) == (403, ["HEAD", "GET"])
    assert answers == [["127.0.0.2"]]


def test_proxies_of_the_environment_are_ignored(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    with site(saying("200 OK")) as there:
        assert visit(there.url(), there).ok


def test_one_private_address_spoils_the_others():
    assert refused("http://two.example/", resolver=lambda _: ["93.184.215.14", "10.0.0.1"]) == PRIVATE


@pytest.mark.parametrize(
    "host",
    """127.0.0.1 127.0.0.1. 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 169.254.169.254 192.0.0.192 198.18.0.1
    203.0.113.7 224.0.0.1 240.0.0.1 255.255.255.255 192.88.99.1 １２７.０.０.１ 127。0。0。1 ⑩.0.0.1
    [::] [::1] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [fd00::1] [fd00:ec2::254] [fe80::1] [fe80::1%25eth0] [fec0::1]
    [ff02::1] [2001:db8::1] [3fff::1] [100::1] [5f00::1] [2002:7f00:1::] [2002:a9fe:a9fe::1] [64:ff9b::127.0.0.1]
    [64:ff9b::a00:1] [64:ff9b:1::808:808] [2001:0:7f00:1::] [2001:0:808:808::f5ff:fffe] [2606:4700::1%25eth0]""".split(),
)
def test_addresses_of_private_networks_are_refused(host):
    assert refused(f"http://{host}/") == PRIVATE


@pytest.mark.parametrize(
    "host",
    """2130706433 0x7f000001 017700000001 0x7f.1 0177.0.0.1 127.1 127.0.1 127.0.0.01 00000177.0.0.1 1.2.3.4.5 0
    256.256.256.256 127.0.0.1.. 0x 4294967296 site.example.123 0x7F.0x0.0x0.0x1 %31%32%37.0.0.1 a..example -a.example
    site%00.example [127.0.0.1] [::1 [v1.x] a*b.example""".split(),
)
def test_hosts_that_are_no_names_are_refused_without_a_lookup(host):
    assert refused(f"http://{host}/", resolver=nobody).startswith("is no web address")


@pytest.mark.parametrize(
    "url",
    [
        *"""ftp://site.example/ file:///etc/passwd javascript:alert(1) data:text/html,x site.example //site.example/ http:///x
    http:/site.example http://site.example:x/ http://site.example:99999/ http://site.example\\@127.0.0.1/
    http://site.example/\\..\\x gopher://site.example:70/ unix:///run/x.sock""".split(),
        "",
        "http://",
        "http://site.example/\r\nX: y",
        "http://site.\nexample/",
        "http://a/\ud800",
        "http://a/" + "x" * 9000,
    ],
)
def test_what_is_no_web_address_is_refused_without_a_lookup(url):
    assert refused(url, resolver=nobody).startswith("is no web address")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://me@site.example/", "carries a user name or password, which we do not send"),
        ("http://:@site.example/", "carries a user name or password, which we do not send"),
        ("http://site.example@127.0.0.1/", "carries a user name or password, which we do not send"),
        ("http://site.example:6379/", "names port 6379, where we do not look for pages"),
        ("http://site.example:0/", "names port 0, where we do not look for pages"),
    ],
)
def test_passwords_and_strange_ports_are_refused_without_a_lookup(url, sentence):
    assert refused(url, resolver=nobody) == sentence


@pytest.mark.parametrize(
    ("host", "looked_up"),
    [
        ("Straße.example", "xn--strae-oqa.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("ｓｉｔｅ。example.", "site.example"),
        ("_dmarc.a-b.example", "_dmarc.a-b.example"),
    ],
)
def test_names_are_looked_up_as_browsers_do(host, looked_up):
    asked = []
    refused(f"http://{host}/", resolver=lambda host: asked.append(host) or [])
    assert asked == [looked_up]


def test_a_host_that_nobody_knows_does_not_exist():
    assert refused("http://nobody.example/", resolver=nobody) == "does not exist: nobody knows its host"


@pytest.mark.parametrize(
    "address",
    """8.8.8.8 93.184.215.14 2606:4700::6810:85e5 2a00:1450:4001::200e ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1
    2001:0:808:808:0:0:f7f7:f7f7""".split(),
)
def test_addresses_of_the_open_internet_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def _inside(inner: ipaddress.IPv4Address) -> list[str]:
    """All ways in which an IPv4 address travels inside another."""
    number = int(inner)
    return [
        str(inner),
        f"::ffff:{inner}",
        f"::{inner}",
        f"64:ff9b::{inner}",
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),
        str(ipaddress.IPv6Address((0x20010000 << 96) | (number << 64) | 0xF7F7F7F7)),
        str(ipaddress.IPv6Address((0x20010000 << 96) | (0x08080808 << 64) | (number ^ 0xFFFFFFFF))),
    ]


PRIVATE_4 = st.sampled_from(
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.168.0.0/16 "
    "198.18.0.0/15 198.51.100.0/24 224.0.0.0/4 240.0.0.0/4".split()
).flatmap(lambda network: st.ip_addresses(network=network))


@given(PRIVATE_4.flatmap(lambda inner: st.sampled_from(_inside(inner))), st.booleans())
def test_no_private_address_is_visited_in_any_disguise(address, by_name):
    host = "site.example" if by_name else f"[{address}]" if ":" in address else address
    assert refused(f"http://{host}/", resolver=lambda _: ["8.8.8.8", address]) == PRIVATE


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=6))
def test_only_global_addresses_are_ever_connected_to(found):
    visited = []

    def connect(address, timeout):
        visited.append(address[0])
        raise ConnectionRefusedError

    with mock.patch.object(visits.socket, "create_connection", connect):
        reach("https://site.example/", resolver=lambda _: found)
    assert set(visited) <= set(found)
    assert all(ipaddress.ip_address(address).is_global for address in visited)


@given(st.text() | st.text("htp:/[]@%.\\#?0127x。é\r\n").map("http://".__add__))
def test_no_words_of_a_stranger_break_the_visit(url):
    def connect(address, timeout):
        assert is_public(ipaddress.ip_address(address[0]))
        raise ConnectionRefusedError

    with mock.patch.object(visits.socket, "create_connection", connect):
        assert not reach(url, resolver=lambda _: ["8.8.8.8"]).ok
