"""Any receiver of webhooks as a target: a CRM, a mail service, a data warehouse."""
