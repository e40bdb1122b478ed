"""The studio as a WSGI application: for granian, gunicorn or any other server."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

application = get_wsgi_application()


def settle() -> None:
    """Load every page and endpoint, and let the garbage collector leave alone what stays for good.

    A full collection walks 140,000 objects otherwise: the request that meets it takes 60 ms longer, afterwards 4 ms.
    """
    get_resolver().url_patterns  # noqa: B018 - loads them
    gc.collect()
    gc.freeze()


settle()
