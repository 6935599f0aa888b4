"""Prior-authorization and step-therapy tracker."""
