"""Amazon MSK: clusters at which a broker answers Kafka's protocol, behind signing in and TLS."""
