"""ALL CHANGES: what the product can do, one function each, used by every door."""
