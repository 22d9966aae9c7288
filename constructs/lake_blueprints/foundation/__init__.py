"""Shared parts of all constructs: permissions, encryption, network, removal."""
