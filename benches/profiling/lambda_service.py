"""A Runtime API and a callback endpoint on loopback, and the process of a function that talks to them."""

import http.server
import os
import pathlib
import signal
import ssl
import subprocess
import threading

PATIENCE = 300
AMAZON_ROOTS = pathlib.Path(__file__).resolve().parents[2] / "src/sdk_config/trust_store"

# What Lambda sets.
VARIABLES = {
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLEEXAMPLE00",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_NAME": "filter",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/filter",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/08/14/[$LATEST]0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "AWS_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "0123456789012345678901234567890123456789",
    "AWS_SESSION_TOKEN": "t" * 400,
    "LANG": "en_US.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "TZ": ":UTC",
    "_HANDLER": "bootstrap",
}


def authority(folder):
    """Makes an authority and a certificate for `localhost`. Returns the server's context and the file of roots."""
    folder = pathlib.Path(folder)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=profile")
    openssl("req", *new_key, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost")
    (folder / "extensions").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    openssl(
        "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "extensions", "-out", "certificate.pem",
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    # As many roots as in Lambda, and one more.
    roots = folder / "roots.pem"
    amazons = [ssl.DER_cert_to_PEM_cert(root.read_bytes()) for root in sorted(AMAZON_ROOTS.glob("*.der"))]
    roots.write_text("".join(amazons) + (folder / "ca.pem").read_text())
    return context, roots


class Repeated(Exception):
    """The function tried a callback again."""


class Session:
    """One process that gets `events` events, and is then told to end."""

    def __init__(self, event, events, tls=None, roots=None):
        self.event, self.left, self.events, self.roots = event, events, events, roots
        self.callbacks = self.responses = 0
        self.trouble, self.repeated = None, False
        self.lock, self.done = threading.Lock(), threading.Event()
        # Minor page faults until the first request for an event, and until the first response.
        self.faults, self.process = [], None
        self.runtime_api = self._listen(None)
        self.endpoint = self._listen(tls)
        self.scheme = "https" if tls else "http"

    def _listen(self, tls):
        session = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                session.asked(self)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                session.told(self, body)

            def answer(self, status, body, headers=()):
                self.send_response_only(status)
                for name, value in (("content-type", "application/json"), ("content-length", len(body)), *headers):
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                stream, address = super().get_request()
                # The handshake is the connection's own affair, not the listener's.
                return (tls.wrap_socket(stream, server_side=True, do_handshake_on_connect=False) if tls else stream), address

            def handle_error(self, request, address):
                """The process may end with connections open."""

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def asked(self, request):
        """The process asks for an event."""
        if not request.path.endswith("/invocation/next"):
            return request.answer(404, b"{}")
        with self.lock:
            self._note_faults(1)
            self.left -= 1
            is_last = self.left < 0
        if is_last:
            self.done.set()
            threading.Event().wait(PATIENCE)
            return None
        return request.answer(200, self.event, [
            ("lambda-runtime-aws-request-id", "6f5d8a4e-9f0e-4a52-b4f1-0a4a1f0a7c55"),
            # Far away, since callgrind takes its time.
            ("lambda-runtime-deadline-ms", 4102444800000),
            ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:filter"),
            ("lambda-runtime-trace-id", "Root=1-66bc7a42-2f6a0c9d1b3e5f7a9c1d3e5f;Sampled=0"),
        ])

    def told(self, request, body):
        """The process decides a message, or has done with an event."""
        with self.lock:
            if request.path.startswith("/channels/"):
                self.callbacks += 1
                self.repeated |= not request.headers.get("amz-sdk-request", "").startswith("attempt=1;")
                answer = 200, b'{"CallbackId":"9d2f7c9e-54c6-4c0e-9a52-3f6f0c1f7a11"}'
                if b"Content" not in body:
                    self.trouble = f"the callback changes nothing: {body}"
            elif request.path.endswith("/response"):
                self.responses += 1
                self._note_faults(2)
                answer = 202, b'{"status":"OK"}'
            else:
                self.trouble, answer = f"{request.path}: {body}", (404, b"{}")
        return request.answer(*answer)

    def _note_faults(self, number):
        if len(self.faults) < number and self.process:
            fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            self.faults.append(int(fields[7]))

    def run(self, command):
        """Runs the process until it has answered, and returns its page faults."""
        environment = VARIABLES | {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.runtime_api.server_port}",
            "AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING": f"{self.scheme}://localhost:{self.endpoint.server_port}",
        }
        if self.roots:
            environment["SSL_CERT_FILE"] = str(self.roots)
        with self.lock:
            self.process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        is_done = self.done.wait(PATIENCE)
        # A clean end: callgrind then writes its file.
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            _, errors = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, errors = self.process.communicate()
        for server in (self.runtime_api, self.endpoint):
            server.shutdown()
            server.server_close()
        are_as_many = (self.callbacks, self.responses) == (self.events, self.events)
        if not is_done or self.trouble or self.repeated or not are_as_many:
            seen = f"{self.callbacks} callbacks and {self.responses} responses for {self.events} events"
            repeated = self.responses == self.events and (self.repeated or self.callbacks > self.events)
            kind = Repeated if repeated and not self.trouble else RuntimeError
            raise kind(f"{seen}; {self.trouble}; {errors.decode(errors='replace')[-2000:]}")
        return self.faults
