"""Limits of AWS IoT Core.

https://docs.aws.amazon.com/general/latest/gr/iot-core.html
"""

from __future__ import annotations

ACTIONS = 10
"""Actions of a topic rule."""
LEVELS = 8
"""Levels of a topic, without the prefix of Basic Ingest."""
PAYLOAD_BYTES = 128 * 1024
"""Bytes of a message."""
BATCH = 500
"""Records that an action sends as one batch."""
