"""Engines that start `studio run exec` on machines, one file each. They know no database."""
