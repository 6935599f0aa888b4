"""Bringing in a clinic's spreadsheet: staged, shown row by row, committed whole, undone whole."""
