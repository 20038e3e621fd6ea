"""Servers of this host for the tests: they record what they are asked for."""

from __future__ import annotations

import base64
import functools
import ssl
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import attrs


@attrs.define
class Server:
    """A web server, or a proxy that answers itself: it serves a folder and asks for a login."""

    login: str = ""
    """USER:PASSWORD, or nothing for everybody."""
    broken: tuple[str, ...] = ()
    """Ends of paths that it always fails at."""
    slow: tuple[str, ...] = ()
    """Ends of paths that it never answers."""
    asked: list[str] = attrs.field(factory=list)
    """The addresses that it was asked for, with a host where it is used as a proxy."""
    port: int = 0

    def packages(self):
        """Return the packages it was asked for."""
        return [path.rpartition("/")[2] for path in self.asked if path.endswith(".rpm")]


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args, told, **about):
        self.told = told
        super().__init__(*args, **about)

    def do_GET(self):
        is_proxy = "://" in self.path
        self.told.asked.append(self.path)
        if self.told.login:
            expected = "Basic " + base64.b64encode(self.told.login.encode()).decode()
            name = "Proxy-Authorization" if is_proxy else "Authorization"
            if self.headers.get(name) != expected:
                self.send_response(407 if is_proxy else 401)
                asks = "Proxy-Authenticate" if is_proxy else "WWW-Authenticate"
                self.send_header(asks, 'Basic realm="a test"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        if self.path.endswith(self.told.broken or ("\n",)):
            self.send_error(503)
            return
        if self.path.endswith(self.told.slow or ("\n",)):
            self.rfile.read()  # until the client goes away
            return
        self.path = urlsplit(self.path).path
        super().do_GET()

    def log_message(self, *args):
        pass


@contextmanager
def serving(folder, certificate=None, **about):
    """Yield a Server of *folder*; with a *certificate* (PEM, with its key) it talks TLS."""
    server = Server(**about)
    handler = functools.partial(_Handler, directory=folder, told=server)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            http.socket = context.wrap_socket(http.socket, server_side=True)
        server.port = http.server_address[1]
        thread = Thread(target=http.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
