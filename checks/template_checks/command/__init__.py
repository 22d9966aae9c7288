"""The command `lake check`: every gate over a synthesised app, in one report."""
