"""What measures speed, with the peer beside it."""
