"""What `./run` does: makes the environment, starts the house, keeps it alive, takes it down.

Standard library only: it runs under the base Python, before there is a virtual environment.
"""
