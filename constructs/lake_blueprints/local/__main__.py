"""`python -m lake_blueprints.local`."""

import sys

from lake_blueprints.local.cli import main

if __name__ == "__main__":
    sys.exit(main())
