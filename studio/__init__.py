"""Run Studio: the public names of the SDK. Importing it needs neither Django nor the server."""

VERSION = "0.1.0"
