"""Shapes: envelope, canonical entities, wire models, documents. No I/O, no Kafka, no clock."""
