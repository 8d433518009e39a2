import django.db.models.deletion
from django.db import migrations, models


# Entries read in one query, and ids asked for at once.
CHUNK = 500


def from_ledger(apps, schema_editor):
    """Take over what the ledger knows of replies that are there. It has known documents for a short time only."""
    entries = apps.get_model("usage", "UsageEntry").objects.exclude(documents="").filter(reply__isnull=False)
    replies, given = apps.get_model("chat", "Message").objects, apps.get_model("chat", "GivenDocument")
    last = 0
    rows = entries.order_by("pk").values_list("pk", "reply", "documents")
    while part := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = part[-1][0]
        kept = set(replies.filter(pk__in={reply for _pk, reply, _documents in part}).values_list("pk", flat=True))
        found = {(reply, document) for _pk, reply, ids in part for document in ids.split() if reply in kept}
        given.objects.bulk_create(
            [given(reply_id=reply, document=document) for reply, document in found], ignore_conflicts=True
        )


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0007_reply_html'),
        ('usage', '0007_what_was_sent'),
    ]

    operations = [
        migrations.CreateModel(
            name='GivenDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.UUIDField(db_index=True, help_text='A value, as in citations.')),
                ('reply', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='given', to='chat.message')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('reply', 'document'), name='one_given_document_a_reply')],
            },
        ),
        migrations.RunPython(from_ledger, migrations.RunPython.noop),
    ]
