"""The form of one entry in the log of calls and faxes."""

from collections.abc import Sequence
from typing import Any

from tracker.models.authorization_log import Channel
from tracker.services.contacts import Entry, open_promises
from tracker.web import access
from tracker.web.fact_forms.base import Needed
from tracker.web.forms import BaseForm, ChoiceField, CleanStringField, CleanTextField, DateField, WordField


class ContactForm(BaseForm):
    """`shown` names the fields in the order of the page."""

    shown = (
        "channel",
        "on_date",
        "with_whom",
        "reference",
        "said",
        "promised_on",
        "answers_id",
        "authorization_id",
    )
    channel = WordField("Channel", Channel, [Needed("Choose the channel.")], blank=None, default="call")
    on_date = DateField("On", [Needed("Give the day.")])
    with_whom = CleanStringField("With whom")
    reference = CleanStringField("Reference number", longest=60)
    said = CleanTextField("What was said or sent", [Needed("Say what was said or sent.")], longest=1000)
    promised_on = DateField("Answer promised by")
    answers_id = ChoiceField("Answers", blank="No earlier promise")
    authorization_id = ChoiceField("About", blank="The patient, no authorization")

    def prepare(
        self,
        log: Sequence[Entry],
        authorization_id: str | None,
        authorizations: Sequence[tuple[str, str]] = (),
        said: str | None = None,
    ) -> None:
        """Offer the promises that are open; an entry about one authorization does not ask about which."""
        self.answers_id.offer(
            [
                (each.id, f"{each.channel} of {each.on}, promised by {each.promised_on}")
                for each in open_promises(log)
            ]
        )
        self.authorization_id.offer(authorizations)
        if not self.is_submitted():
            self.on_date.data = access.today()
            self.said.data = said
        if authorization_id is not None:
            del self.authorization_id
        if len(self.answers_id.choices) == 1:
            del self.answers_id

    def values(self) -> dict[str, Any]:
        """Column -> value, for the service."""
        return {each.name: each.data for each in self if each.name in self.shown}
