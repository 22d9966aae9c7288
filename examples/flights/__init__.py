"""2013's New York flights, streamed through the reference app on the local cloud."""
