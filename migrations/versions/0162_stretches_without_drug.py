"""Keep with the end of a refusal the day on which drug ended, so that a later one does not hide it."""

import sqlalchemy as sa
from alembic import op

revision = "0162"
down_revision = "0161"

# The last end of each alert that is closed; of earlier ones nothing is known.
KNOWN = """UPDATE alert_event SET run_out_on = (
    SELECT alert.run_out_on FROM alert WHERE alert.id = alert_event.alert_id
) WHERE kind = 'closed' AND EXISTS (
    SELECT 1 FROM alert WHERE alert.id = alert_event.alert_id AND alert.closed_at = alert_event.at
)"""


def upgrade() -> None:
    with op.batch_alter_table("alert_event") as batch:
        batch.add_column(sa.Column("run_out_on", sa.Date(), nullable=True))
    op.execute(KNOWN)
