"""Files from outside, turned into plain records. No database, no Flask."""
