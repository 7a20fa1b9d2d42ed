"""What the Learn page is made of: chapters, their questions, and the numbers of the machine."""
