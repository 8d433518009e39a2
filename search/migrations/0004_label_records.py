
import django.utils.timezone
from django.db import migrations, models

# What there is already: nobody knows which labels it had before, so these rows do not say that they do.
SEED = """INSERT INTO search_labelrecord (document, source, collection, label, since, known_from_start, ended)
SELECT {document}, {source}, {collection}, sensitivity, %s, %s, %s FROM {table}"""


def seed(apps, schema_editor):
    connection = schema_editor.connection
    values = [connection.ops.adapt_datetimefield_value(django.utils.timezone.now()), False, False]
    with connection.cursor() as cursor:
        for names in (
            {"document": "NULL", "source": "NULL", "collection": "id", "table": "search_collection"},
            {"document": "document", "source": "id", "collection": "collection_id", "table": "search_source"},
        ):
            cursor.execute(SEED.format(**names), values)


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0003_keywords'),
    ]

    operations = [
        migrations.CreateModel(
            name='LabelRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('document', models.UUIDField(null=True)),
                ('source', models.UUIDField(db_index=True, null=True)),
                ('collection', models.BigIntegerField()),
                ('label', models.PositiveSmallIntegerField(choices=[(0, 'Public'), (10, 'Internal'), (20, 'Confidential')])),
                ('since', models.DateTimeField(default=django.utils.timezone.now)),
                ('known_from_start', models.BooleanField(default=True, help_text='False: it existed before labels were recorded, and nobody knows what it had then.')),
                ('ended', models.BooleanField(default=False, help_text='The source was removed; this is the label that it had.')),
            ],
            options={
                'ordering': ['since', 'id'],
                'indexes': [models.Index(fields=['document', 'since'], name='labels_of_a_document'), models.Index(condition=models.Q(('document__isnull', True)), fields=['collection', 'since'], name='labels_of_a_collection')],
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
