"""Quality rules of contracts, evaluated where the data is."""
