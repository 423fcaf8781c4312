"""The emulator as `cargo channel-flow dev` starts it, and requests to it as they go over the wire."""

import json
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ACCOUNT = "123456789012"
REGION = "us-east-1"


def function_arn(name):
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"



# How long a process may take to start or to end. Nothing is measured by it.
PATIENCE = 60


class Emulator:
    """The process, from its start to its end."""

    def __init__(self, *arguments):
        command = os.environ["CHANNEL_FLOW_COMMAND"]
        processor = os.environ["CHANNEL_FLOW_PROCESSOR"]
        arguments = [command, "dev", "--port", "0", "--processor", processor, *arguments]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        overdue = threading.Timer(PATIENCE, self.process.kill)
        overdue.start()
        try:
            self.url = self._told_url()
        finally:
            overdue.cancel()
        # Whatever it says later must not fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.address = (urlsplit(self.url).hostname, urlsplit(self.url).port)

    def _told_url(self):
        for line in self.process.stdout:
            if told := re.search(rb"http://[^\s/]+", line):
                return told[0].decode()
        raise RuntimeError(f"it ended with {self.process.wait()} and told no URL")

    def is_alive(self):
        return self.process.poll() is None

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.process.kill()


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def error(self):
        """The exception's name, or None."""
        return self.headers.get("x-amzn-errortype")

    @property
    def message(self):
        return json.loads(self.body)["Message"]


class Wire:
    """Sends requests of the model that no SDK would let through, signed as an SDK signs them."""

    def __init__(self, url):
        self.url = url
        self.pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(PATIENCE))
        self.signer = SigV4Auth(Credentials("AKIDEXAMPLE", "secret"), "chime", REGION)

    def send(self, operation, members):
        """Sends `members` by the names of the model, where the model places them, whatever they are."""
        method, path = operation.http["method"], operation.http["requestUri"]
        query, headers, body = [], {}, {}
        shape = operation.input_shape
        for name, value in members.items():
            place = shape.members[name].serialization if name in shape.members else {}
            match place.get("location"):
                case "uri":
                    path = path.replace("{" + place["name"] + "}", quote(str(value), safe="~"))
                case "querystring":
                    query.append(f"{place['name']}={quote(str(value), safe='~')}")
                case "header":
                    headers[place["name"]] = str(value)
                case None:
                    body[name] = value
        if query:
            path += ("&" if "?" in path else "?") + "&".join(query)
        has_body = method in ("POST", "PUT")
        return self.request(method, path, headers, json.dumps(body).encode() if has_body else b"")

    def request(self, method, path, headers=None, body=b""):
        headers = {"Content-Type": "application/json"} | (headers or {})
        request = AWSRequest(method=method, url=self.url + path, headers=headers, data=body)
        self.signer.add_auth(request)
        headers = dict(request.headers.items())
        answer = self.pool.request(method, self.url + path, headers=headers, body=body)
        return Answer(answer.status, answer.headers, answer.data)
