"""Thin Prefect flows and tasks around `pipeline` and `models`, and the command line. No science here."""
