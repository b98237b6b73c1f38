"""What a method of each kind must be: what it is called with, and what it gives back.

`labelworks.tasks.methods.registry` holds every method to the protocol of its kind when it is registered, a
built-in one and one of another package alike.
"""
