"""Know by id who added a document, so that one person's can be counted; older ones count for nobody."""

import sqlalchemy as sa
from alembic import op

revision = "0177"
down_revision = "0176"


def upgrade() -> None:
    with op.batch_alter_table("document") as batch:
        batch.add_column(sa.Column("added_by_id", sa.String(26), nullable=True))
        batch.create_index(
            op.f("ix_document_clinic_id_added_by_id_added_at"), ["clinic_id", "added_by_id", "added_at"]
        )
