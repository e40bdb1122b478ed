"""The SDK and the command line: they speak HTTP to a studio and import nothing of the server."""
