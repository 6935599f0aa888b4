"""The decisions: pure functions on a patient's facts. Standard library only."""
