"""The workshop: its texts, its lessons for real, and its wrong use."""
