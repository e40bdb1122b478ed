"""`python -m studio.client.cli` is `studio`."""

import sys

from studio.client.cli import main

sys.exit(main())
