"""Lambda: functions in Python and Node."""
