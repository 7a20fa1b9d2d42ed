"""How good a model is: exactly, by estimates, and in words."""
