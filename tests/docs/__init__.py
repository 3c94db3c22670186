"""What is written for people: that it is true, whole, and the same in both languages."""
