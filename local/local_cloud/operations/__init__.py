"""Answers of the local cloud to each operation of each service: real, stored or refused."""
