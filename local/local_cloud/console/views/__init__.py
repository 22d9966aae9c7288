"""The views of the console, one page each."""
