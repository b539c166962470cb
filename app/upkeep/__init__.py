"""What the poller keeps an eye on beside its feeds: how checks ended, what expires, and the money in flight."""
