"""What the page of a lesson is made of: its links, the class wall, and how to give one."""
