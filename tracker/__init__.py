"""Prior-authorization and step-therapy tracker."""

from tracker import compiled, rules

compiled.take_if_wanted(rules.__path__)
