"""What the demo and the tests start on this machine: Kafka and PostgreSQL."""
