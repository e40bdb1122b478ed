"""Times of day as people write them. Pure."""


def clock(minutes: int | None) -> str:
    """Minutes after midnight as 22:00; empty for none."""
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
