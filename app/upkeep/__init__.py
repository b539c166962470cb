"""What the poller keeps an eye on beside its feeds: how checks ended, and what expires."""
