"""The pipeline: topics, Faust apps, agents and the pure logic that they run. No HTTP, no SQL."""
