"""The workshop: lessons that start something, ask something, and check the answer against what really happened."""
