"""The door: signed webhooks come in, are checked, and are in Kafka before they are answered."""
