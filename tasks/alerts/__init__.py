"""Alerts: what is wrong (`alert`), whom it was told (`history`), how (`channel`, `block`), and when (`sending`)."""
