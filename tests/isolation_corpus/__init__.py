"""Schemas as strangers write them, with their leaks established by hand: what the isolation engine is judged by.

A folder per schema: `schema.sql` applies as `postgres` on an empty database of the stack; `truth.toml` says which
objects leak, each with a proof, and which do not. `prove` shows the truth by experiment, `score` compares an engine's
findings with it. Whoever works on the engine fits it to neither: a missed leak is understood by its class.
"""
