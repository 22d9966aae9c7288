"""The reference app: a lake of New York City's flights, one stack for each concern."""
