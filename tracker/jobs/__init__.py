"""Clock ticks and the mailer: edges that commit."""
