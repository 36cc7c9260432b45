"""The reference rollout with one guard less, hundreds of times: does the isolation engine miss the guard?

    python -m tests.isolation_mutants [PATTERN] [--workers 2] [--out DIRECTORY]

`mutants` reads off the live catalogue what can be taken away (`conditions` takes apart what policies and functions
ask), `bench` examines a copy of the database without it and tries each finding's script in psql, `equivalent` says of
which mutants nothing can be seen, and why.
"""
