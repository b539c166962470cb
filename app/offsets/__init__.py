"""Where consumer groups stand in their topics, and how to mend it when Kafka has lost records they have not done."""
