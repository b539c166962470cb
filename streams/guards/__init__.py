"""Guards: how much may change in a quarter of an hour before a person looks. Pure."""
