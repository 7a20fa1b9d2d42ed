"""What the browser runs: the drawing board and the player of films."""
