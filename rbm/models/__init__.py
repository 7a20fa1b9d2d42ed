"""The models that ship with the app, and the command that makes them."""
