"""Rows get their place in the journal when their transaction commits, so that order of `seq` is order of commit.

A deferred trigger runs at commit, takes a lock held until the commit is done, and only then draws the number:
a reader that has seen number n has seen every number below it.
"""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE logs_executionlog_journal_seq;
CREATE FUNCTION logs_give_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bamsae.journal'));
    UPDATE logs_executionlog SET seq = nextval('logs_executionlog_journal_seq') WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER logs_give_place_at_commit AFTER INSERT ON logs_executionlog
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION logs_give_place();
"""
BACKWARD = """
DROP TRIGGER logs_give_place_at_commit ON logs_executionlog;
DROP FUNCTION logs_give_place();
DROP SEQUENCE logs_executionlog_journal_seq;
"""


class Migration(migrations.Migration):
    dependencies = [("logs", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
