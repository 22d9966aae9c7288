"""Erasure of persons from tables, records and objects; docs/governance.md describes what is erased and what is not."""
