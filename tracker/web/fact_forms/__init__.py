"""The forms of a patient's facts, one file per feature."""
