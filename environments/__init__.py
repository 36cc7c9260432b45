"""Environments: one TOML file each, and the model that validates them."""
