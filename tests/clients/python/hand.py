"""A processor that decides when the test says so: a function behind an endpoint that speaks Lambda's Invoke."""

import json
import queue
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from emulator import PATIENCE, function_arn

ARN = function_arn("by-hand")


class Hand:
    """Takes events, and keeps them until a test decides them. Each channel has its own."""

    arn = ARN

    def __init__(self):
        self.messaging = None
        self._events = defaultdict(queue.Queue)
        hand = self

        class Invoke(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event = json.loads(body)
                hand._events[event["ChannelMessage"]["ChannelArn"]].put(event)
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Invoke)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def event(self, channel):
        """The next event of a channel."""
        return self._events[channel].get(timeout=PATIENCE)

    def has_event(self, channel):
        return not self._events[channel].empty()

    def call_back(self, event, delete=False, **changes):
        """Decides: without changes it lets the message through."""
        message = {"MessageId": event["ChannelMessage"]["MessageId"]} | changes
        return self.messaging.channel_flow_callback(
            CallbackId=event["CallbackId"],
            ChannelArn=event["ChannelMessage"]["ChannelArn"],
            DeleteResource=delete,
            ChannelMessage=message,
        )

    def update(self, event, **changes):
        return self.call_back(event, **changes)

    def deny(self, event):
        return self.call_back(event, delete=True)

    def let_through(self, event):
        return self.call_back(event)
