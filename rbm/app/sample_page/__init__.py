"""The parts of the Sample page."""
