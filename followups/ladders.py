"""Ladders: which one a ticket climbs, when each step is heard, and who hears it."""
