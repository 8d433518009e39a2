import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from langai_site.outbound.models import Model

BEFORE = [("outbound", "0004_how_models_are_asked")]


@pytest.mark.django_db(transaction=True)
def test_the_models_of_before_keep_what_was_set_for_them():
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps.get_model("outbound", "Model")
        old.objects.create(name="openai/some", display_name="Ours", provider="openai", ceiling=0, rank=7, enabled=False)
    finally:
        executor = MigrationExecutor(connection)
        # Migrations of other apps that build on these were undone with them.
        executor.migrate(executor.loader.graph.leaf_nodes())
    row = Model.objects.values("name", "display_name", "provider", "ceiling", "rank", "enabled").get()
    assert tuple(row.values()) == ("openai/some", "Ours", "openai", 0, 7, False)
