"""A second, slow and plain reading of the rulebook, to hold the product's decisions against."""
