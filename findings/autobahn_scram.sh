#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Autobahn|Python 26.10.2 (PyPI), CPython 3.11, Linux.
#
# One would expect: SCRAM's SaltedPassword is what the key derivation function computes: 32 bytes.
# What happens: for "argon2id-13" it is the base64 text of these bytes, without padding. The keys that
# derive_scram_credential makes for Crossbar's configuration are made of that text, so a client that follows the
# specification cannot join. For "pbkdf2", Autobahn's own client fails: it passes on the salt as text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q "autobahn[scram,serialization,encryption]==26.10.2"
"$folder/venv/bin/python" - <<'PYTHON'
import base64
import hashlib
import hmac
import sys

from argon2.low_level import Type, hash_secret_raw
from autobahn.wamp.auth import AuthScram, derive_scram_credential
from autobahn.wamp.types import Challenge

salt = b"0123456789abcdef"
kept = derive_scram_credential("joe@example.com", "password", salt)
raw = hash_secret_raw(b"password", salt, kept["iterations"], kept["memory"], 1, 32, Type.ID, 19)
text = base64.b64encode(raw).rstrip(b"=")


def stored_key(salted):
    return hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).hexdigest()


print("argon2id-13: made of the bytes:", stored_key(raw) == kept["stored-key"])
print("argon2id-13: made of their base64 text:", stored_key(text) == kept["stored-key"])
client = AuthScram(authid="joe", password="password")
nonce = client.authextra["nonce"]
challenge = {"nonce": nonce, "kdf": "pbkdf2", "salt": base64.b64encode(salt).decode(), "iterations": 1000}
try:
    client.on_challenge(None, Challenge("scram", challenge))
    failed = False
except ValueError as why:
    print("pbkdf2:", why)
    failed = True
if stored_key(text) != kept["stored-key"] or not failed:
    sys.exit("This has changed.")
PYTHON
