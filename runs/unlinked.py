"""Text of runs in places where programs make links of what looks like one, and marks of writing. Pure."""

import re

# Invisible and without width: neither a mail program nor a chat takes "a.<joiner>b" for an address.
_JOINER = "\u2060"
_LINKISH = re.compile(r"(?<=\w)\.(?=[^\W\d_])|:(?=//)|@(?=\S)|(?<=\S)@")
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~<>&-])")


def unlinked(text: str) -> str:
    """The text with nothing in it that would become a link, an address or a mention. Numbers stay as they are."""
    return _LINKISH.sub(lambda found: found[0] + _JOINER, text)


def for_slack(text: str) -> str:
    """For Slack's text, where three signs begin everything that is not text."""
    escaped = unlinked(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([*_~`])", rf"{_JOINER}\1{_JOINER}", escaped)


def for_markdown(text: str) -> str:
    """For a chat that reads Markdown: every sign of it is plain."""
    return _MARKS.sub(r"\\\1", unlinked(text))
