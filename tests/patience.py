"""How long a test waits for what must come: so long that no slow machine fails it. Nothing that works takes as long."""

SECONDS = 180
MILLISECONDS = 1000 * SECONDS  # as playwright counts
