"""The parts of the Features page."""
