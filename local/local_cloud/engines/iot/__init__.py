"""AWS IoT Core: topic rules, whose SQL is evaluated for every message, and their actions."""
