"""The parts of the Deep page."""
