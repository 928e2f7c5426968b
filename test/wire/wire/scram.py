# SPDX-License-Identifier: Apache-2.0
"""The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), for tests of enhanced authentication."""

import base64
import hashlib
import hmac
import secrets

METHOD = "SCRAM-SHA-256"


def _hmac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


class ScramClient:
    """first() and final(server_first) are the two client messages; verify(server_final) checks the server's proof."""

    def __init__(self, user_name, password):
        self._user_name = user_name.replace("=", "=3D").replace(",", "=2C")
        self._password = password.encode()
        self._nonce = secrets.token_urlsafe(18)
        self._server_signature = b""

    def _first_bare(self):
        return f"n={self._user_name},r={self._nonce}"

    def first(self):
        return f"n,,{self._first_bare()}".encode()

    def final(self, server_first):
        fields = dict(part.split("=", 1) for part in server_first.decode().split(","))
        assert fields["r"].startswith(self._nonce) and len(fields["r"]) > len(self._nonce)
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(fields["s"]), int(fields["i"]))
        without_proof = f"c=biws,r={fields['r']}"
        signed = ",".join([self._first_bare(), server_first.decode(), without_proof]).encode()
        client_key = _hmac(salted, b"Client Key")
        signature = _hmac(hashlib.sha256(client_key).digest(), signed)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        self._server_signature = _hmac(_hmac(salted, b"Server Key"), signed)
        return f"{without_proof},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, server_final):
        return server_final == b"v=" + base64.b64encode(self._server_signature)
