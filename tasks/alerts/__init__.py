"""Alerts: what is wrong (`alert`), what was sent (`history`), where to (`channel`, `block`), and when
(`sending`)."""
