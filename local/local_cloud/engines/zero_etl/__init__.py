"""Zero-ETL integrations: rows of a real PostgreSQL or of moto's DynamoDB, in a local warehouse's database."""
