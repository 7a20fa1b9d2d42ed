"""A lesson for a class: its link, its task on every page, how the class guessed, and what it trained."""
