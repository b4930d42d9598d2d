"""A webhook's name is resolved once: the connection goes to the address that was found public, and the certificate
must still be that of the name."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from logs.notifications.sending import _pinned


def certificate(name: str, folder):
    """A certificate for the name that vouches for itself; its file holds key and certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure(tmp_path):
    """An https server on loopback that calls itself hooks.example; `secure.file` is what to trust."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.hosts.append(self.headers["Host"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hosts, server.file = [], certificate("hooks.example", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def post(server, host: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _pinned("127.0.0.1", host))
        url = f"https://{host}:{server.server_port}/in"
        return session.post(url, headers={"Host": host}, verify=str(server.file), timeout=5).status_code


def test_it_connects_to_the_address_and_speaks_to_the_name(secure):
    assert post(secure, "hooks.example") == 204
    assert secure.hosts == ["hooks.example"]


def test_another_names_certificate_is_refused(secure):
    with pytest.raises(requests.exceptions.SSLError):
        post(secure, "other.example")
    assert secure.hosts == []
