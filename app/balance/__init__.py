"""Conservation: every receipt that the door gave, and every event that one caused, is somewhere, once."""
