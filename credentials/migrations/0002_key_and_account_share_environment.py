"""A key of one environment cannot sit on an account of the other: the database says so."""

from django.db import migrations

FORWARD = """
ALTER TABLE credentials_apicredential ADD CONSTRAINT credential_environment_is_its_accounts
    FOREIGN KEY (account_id, environment) REFERENCES accounts_brokerageaccount (id, environment)
    ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
BACKWARD = "ALTER TABLE credentials_apicredential DROP CONSTRAINT credential_environment_is_its_accounts;"


class Migration(migrations.Migration):
    dependencies = [("credentials", "0001_initial"), ("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
