"""`python -m examples.devices`: the demo from the command line."""

import sys

try:
    from examples.devices.command import main
except KeyboardInterrupt:
    # What the demo imports takes a second or two to load.
    print("interrupted before anything was started")
    sys.exit(130)

sys.exit(main())
