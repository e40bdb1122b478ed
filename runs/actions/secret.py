"""What is kept of a secret."""

import hashlib


def sha256_of(secret: str) -> str:
    """The hex SHA-256 of a secret, which is all that is kept of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
