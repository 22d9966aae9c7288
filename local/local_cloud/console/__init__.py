"""The console: pages in a browser about what a local cloud holds and does, at `/_local/console`."""
