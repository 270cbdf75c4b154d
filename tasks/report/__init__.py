"""The page to look at: its figures, charts and text, and where it is kept."""
