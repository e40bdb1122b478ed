"""Keeps what lets somebody in out of the log."""

import logging
import re

_LINKS = re.compile(r"(/(?:invite|login/link|login/reset|login/email)/)[^/\s?'\"]+")
_TOKENS = re.compile(r"\bstudio_(\d+)_[\w-]{8,}")


def without_tokens(text: str) -> str:
    """The text with the tokens of links and of scripts replaced by an ellipsis."""
    return _TOKENS.sub(r"studio_\1_…", _LINKS.sub(r"\1…", text))


class NoTokens(logging.Filter):
    """Writes every record's message out and takes the tokens from it; tracebacks name no values."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it holds a token; every record passes."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # a mistake in the call, which logging itself reports
            return True
        record.msg, record.args = without_tokens(text), None
        if record.exc_text:
            record.exc_text = without_tokens(record.exc_text)
        return True
