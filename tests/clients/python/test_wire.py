"""Requests that no client sends: strangers, and garbage."""

import http.client
import json
import random
import socket

import pytest
from emulator import PATIENCE, Wire


@pytest.fixture
def plain(emulator):
    """A plain HTTP request; the status, the headers, and the body."""

    def ask(method="GET", path="/channels", headers=(), body=None):
        connection = http.client.HTTPConnection(*emulator.address, timeout=PATIENCE)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {"Host": f"{emulator.address[0]}:{emulator.address[1]}"} | dict(headers)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer.status, answer.headers, read

    return ask


def said(answer):
    """The exception of an answer in the service's own form."""
    status, headers, body = answer
    assert set(json.loads(body)) == {"Code", "Message"}
    assert status >= 400
    return headers["x-amzn-errortype"]


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com", "127.0.0.1.nip.example", "10.0.0.1", "[::2]", "a b", ""])
def test_a_host_of_somebody_else_is_refused(plain, host):
    assert said(plain(headers={"Host": host})) == "ForbiddenException"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8", "chat.localhost"])
def test_names_of_this_machine_are_not(plain, host):
    assert said(plain("POST", "/app-instances", {"Host": host}, b"{}")) == "MissingAuthenticationTokenException"


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://localhost.example.com", "file://", "http://10.0.0.1"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_a_page_of_somebody_else_is_refused_and_told_nothing(plain, origin, method):
    answer = plain(method, headers={"Origin": origin})
    assert said(answer) == "ForbiddenException"
    assert not [name for name in answer[1] if name.lower().startswith("access-control-")]


def test_a_page_of_this_machine_may_ask(plain):
    origin = {"Origin": "http://localhost:3000", "Access-Control-Request-Headers": "authorization,x-amz-chime-bearer"}
    status, headers, _ = plain("OPTIONS", headers=origin)
    assert status == 204
    assert headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "authorization" in headers["access-control-allow-headers"]


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PUT", "DELETE", "HEAD", "FOO"])
def test_methods_that_no_operation_has(plain, method):
    answer = plain(method, "/channels")
    assert answer[1]["x-amzn-errortype"] == "UnknownOperationException"
    assert answer[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00\x01",
        b'{"Name":"\xc3\x28"}',
        b'{"Name":"\\ud800"}',
        b"[" * 100_000,
        b'{"Name":' * 50_000,
        b'{"Metadata":' + b'{"a":' * 100 + b"1" + b"}" * 100 + b',"Name":"a"}',
        b'{"Name":1e999999}',
        b'{"Name":"' + b"x" * 1_000_000 + b'"}',
        b"x" * 5_000_000,
        b'{"Name":"a"',
        b"\x00" * 100,
    ],
    ids=range(11),
)
def test_bodies_that_are_garbage(emulator, body):
    # A connection of its own: after a body that is too large it is closed.
    answer = Wire(emulator.url).request("POST", "/app-instances", body=body)
    assert answer.error == "BadRequestException", answer
    assert set(json.loads(answer.body)) == {"Code", "Message"}


@pytest.mark.parametrize(
    "path",
    ["/" + "a" * 60_000, "/channels/%", "/channels/%ff%fe", "/channels/%00", "//", "/channels/..%2f..", "/channels?" + "a=b&" * 10_000, "/channels?%", "/channels?scope=%ff"],
    ids=range(9),
)
def test_paths_that_are_garbage(wire, path):
    answer = wire.request("GET", path)
    assert 400 <= answer.status < 500
    assert answer.error is not None or answer.status in (414, 431)


def raw(emulator, sent):
    """Sends bytes and reads until the other side closes or answers; None if it closed without a word."""
    with socket.create_connection(emulator.address, PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(100) or None
        except TimeoutError:
            raise
        except OSError:
            return None


def test_bytes_that_are_no_http(emulator, wire):
    chance = random.Random(7)
    request = b"POST /app-instances HTTP/1.1\r\nHost: localhost\r\n"
    everything = [
        b"",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        request + b"Content-Length: -1\r\n\r\n",
        request + b"Content-Length: 99999999999999999999\r\n\r\n",
        request + b"Content-Length: 10\r\n\r\nhalf",
        request + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        request + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        request + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        request + b"X: " + b"x" * 2_000_000 + b"\r\n\r\n",
        request + b"".join(b"X-%d: x\r\n" % number for number in range(20_000)) + b"\r\n",
        request + b"X: \xff\x00\r\n\r\n",
        request + b"Authorization: AWS4-HMAC-SHA256 \xff\r\n\r\n",
        b"GET /connect HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ]
    everything += [chance.randbytes(chance.randrange(1, 3000)) for _ in range(100)]
    # Good requests with a few bytes changed.
    good = request + b'Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{"Name":"ab"}'
    for _ in range(200):
        changed = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        everything.append(bytes(changed))
    for sent in everything:
        answer = raw(emulator, sent)
        assert answer is None or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 505")), (sent[:80], answer)
    assert emulator.is_alive()
    assert wire.request("POST", "/app-instances", body=b'{"Name":"still here","ClientRequestToken":"ab"}').status == 201


def test_connections_that_say_nothing_keep_nobody_out(emulator, wire):
    idle = [socket.create_connection(emulator.address, PATIENCE) for _ in range(200)]
    half = socket.create_connection(emulator.address, PATIENCE)
    half.sendall(b"POST /app-instances HTTP/1.1\r\nContent-Le")
    assert wire.request("POST", "/app-instances", body=b'{"Name":"served","ClientRequestToken":"cd"}').status == 201
    for connection in (*idle, half):
        connection.close()


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f/g, SignedHeaders=host, Signature=00"],
)
def test_signatures_that_are_none(plain, authorization):
    answer = plain("POST", "/app-instances", {"Authorization": authorization}, b"{}")
    assert answer[0] in (401, 403) and said(answer)
