"""The culprit, named from made traces."""
