"""The parts of the curation job; curate.py puts them in order."""
