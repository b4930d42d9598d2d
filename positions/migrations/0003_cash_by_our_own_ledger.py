"""Cash goes on from what the newest point of each account's curve says; the peak is counted from now on."""

from django.db import migrations


def forward(apps, schema_editor):
    books, points = apps.get_model("positions", "AccountBook"), apps.get_model("positions", "EquityPoint")
    for point in points.objects.order_by("account_id", "-at").distinct("account_id"):
        base = point.cash - point.ledger_net
        books.objects.update_or_create(account_id=point.account_id, defaults={"cash_base": base})


class Migration(migrations.Migration):
    dependencies = [("positions", "0002_account_book")]
    operations = [
        migrations.RunPython(forward, migrations.RunPython.noop),
        migrations.RemoveField(model_name="equitypoint", name="ledger_net"),
    ]
