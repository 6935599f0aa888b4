"""HTTP pages: a form, a service call, a redirect. This list of blueprints is the site."""
