import django.db.models.deletion
from django.db import migrations, models

# SQLite: the tokenizer leaves each of the analyser's tokens whole; "=" marks a collection and is in no other token;
# `again` has the tokens that a passage has more than once. Deleting a row takes its tokens along, whoever deletes it.
# How many passages a collection has in a language is counted as they come and go: to count 100,000 rows takes longer
# than a query.
SQLITE = (
    """CREATE VIRTUAL TABLE search_keywordtokens
       USING fts5(collection, words, again, tokenize = "ascii tokenchars '.:-+#='")""",
    "CREATE VIRTUAL TABLE search_keywordterms USING fts5vocab(search_keywordtokens, row)",
    """CREATE TABLE search_keywordcounts (
       collection_id integer NOT NULL, language varchar(2) NOT NULL, passages integer NOT NULL,
       PRIMARY KEY (collection_id, language)) WITHOUT ROWID""",
    """CREATE TRIGGER search_keywords_added AFTER INSERT ON search_passagekeywords BEGIN
       INSERT INTO search_keywordcounts VALUES (new.collection_id, new.language, 1)
       ON CONFLICT (collection_id, language) DO UPDATE SET passages = passages + 1;
       END""",
    """CREATE TRIGGER search_keywords_removed AFTER DELETE ON search_passagekeywords BEGIN
       DELETE FROM search_keywordtokens WHERE rowid = old.passage_id;
       UPDATE search_keywordcounts SET passages = passages - 1
       WHERE collection_id = old.collection_id AND language = old.language;
       END""",
)
SQLITE_BACK = (
    "DROP TRIGGER search_keywords_removed",
    "DROP TRIGGER search_keywords_added",
    "DROP TABLE search_keywordcounts",
    "DROP TABLE search_keywordterms",
    "DROP TABLE search_keywordtokens",
)
# PostgreSQL: the planner's statistics hold the 4,000 most frequent tokens, which queries read as well.
POSTGRESQL = (
    "ALTER TABLE search_passagekeywords ADD COLUMN tokens tsvector NOT NULL DEFAULT ''",
    "ALTER TABLE search_passagekeywords ALTER COLUMN tokens SET STATISTICS 400",
    "CREATE INDEX search_passagekeywords_tokens ON search_passagekeywords USING gin (tokens)",
)
POSTGRESQL_BACK = ("ALTER TABLE search_passagekeywords DROP COLUMN tokens",)


def create(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    for statement in POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0002_vectors_owners_locations'),
    ]

    operations = [
        migrations.CreateModel(
            name='PassageKeywords',
            fields=[
                ('passage', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='keywords', serialize=False, to='search.passage')),
                ('language', models.CharField(blank=True, db_index=True, help_text='Empty where the text shows none.', max_length=2)),
                ('version', models.PositiveSmallIntegerField(help_text='Of the analyser that made the tokens.')),
                ('collection', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='search.collection')),
            ],
            options={
                'indexes': [models.Index(fields=['collection', 'version'], name='keywords_of_collection')],
            },
        ),
        migrations.RunPython(create, drop),
    ]
