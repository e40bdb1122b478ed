"""What became of each run, where an action takes many."""

from dataclasses import dataclass, field
from typing import Any

from runs.errors import Refused


@dataclass
class Outcome:
    """By the runs' numbers. A run that is in neither was so already."""

    # What each had before, as JSON: what takes the change back.
    changed: dict[int, Any] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)

    def check(self) -> None:
        """Raise the first refusal: for those who asked for one run."""
        for refusal in self.refused.values():
            raise refusal
