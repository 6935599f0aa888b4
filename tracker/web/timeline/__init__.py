"""Drawings as plain shapes: the kept answer and the facts in, rectangles, lines and texts out. No HTML."""
