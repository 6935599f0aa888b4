"""What tests of the writing pages share: who signs in, and forms sent back as a browser would."""

from html.parser import HTMLParser

import make


class _Fields(HTMLParser):
    """The values that a browser would send back for the forms of a page, field by field."""

    def __init__(self):
        super().__init__()
        self.sent, self.select, self.area = {}, None, None

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag == "input" and has.get("name"):
            if has.get("type") != "checkbox" or "checked" in has:
                self.sent.setdefault(has["name"], []).append(has.get("value") or "")
        elif tag == "select":
            self.select = has["name"]
        elif tag == "option" and "selected" in has:
            self.sent.setdefault(self.select, []).append(has["value"])
        elif tag == "textarea":
            self.area = has["name"]
            self.sent[self.area] = [""]

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None

    def handle_data(self, data):
        if self.area:
            self.sent[self.area][0] += data.strip()


def fields(page):
    """Field -> values, as the page shows them."""
    parser = _Fields()
    parser.feed(page.text)
    for name in ("q", "csrf_token"):
        parser.sent.pop(name, None)
    if "version" in parser.sent:
        parser.sent["version"] = parser.sent["version"][:1]  # that of the form, not of the button to remove
    return parser.sent


def sent_from(client, url, **typed):
    """Open a form, type into it, send it."""
    shown = {**fields(client.get(url)), **{name: [value] for name, value in typed.items()}}
    return client.post(url, data={name: values for name, values in shown.items() if values != [None]})


def sign_in(client, email="ana@clinic.example"):
    client.post("/sign-in", data={"email": email, "password": make.PASSWORD})
    return client
