"""Deliver: one app and consumer group per target writes canonical events to it, once each and in order."""
