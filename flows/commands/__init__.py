"""The commands of `zakaz`, by what they are for: arguments in, exit status out. What each does lives elsewhere.

Prefect takes seconds to import, so commands import what they need when they run.
"""
