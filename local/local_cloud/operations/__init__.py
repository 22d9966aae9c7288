"""What the local cloud does with each operation of each service: real, stored or refused."""
