"""Chaos: real bots against the simulator, killed, stopped and lied to; the simulator's own book is the judge.

    ./run chaos --runs 40 --seed 1
    ./run chaos --runs 400 --seed 1 --kind points

Nothing else imports this package. It starts a PostgreSQL and a Redis of its own and never touches another.
"""
