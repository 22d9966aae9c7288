"""`python -m lake_blueprints.cli`, for where the command `lake` is not on the path."""

import sys

from template_checks.command.main import main

sys.exit(main())
