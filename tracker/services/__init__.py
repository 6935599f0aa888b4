"""Use cases: plain values in, one transaction's work, no HTTP."""
