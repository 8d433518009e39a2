"""Every place of the code that removes something, and why a legal hold is safe there."""

import ast
from collections.abc import Iterator

from tests.test_architecture import SOURCES, parsed

# Calls that remove rows or files, by the name that is called.
REMOVING = {"delete", "_raw_delete", "unlink", "rmtree", "drop"}
# Calls of these are requests, addresses or services by another name, which are in the list themselves.
NOT_REMOVING = {"router"}


def found_calls() -> set[str]:
    """Return `path function` for each function that removes something itself."""
    return {f"{path} {name}" for path in SOURCES for name in removing_functions(parsed(path))}


def removing_functions(tree: ast.AST, name: str = "") -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        inner = name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{name}.{node.name}".lstrip(".")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in REMOVING:
            if ast.unparse(node.func.value) not in NOT_REMOVING:
                yield inner
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "DELETE FROM" in node.value:
            yield inner
        yield from removing_functions(node, inner)


# By the reason. A new place that removes something is added here once it asks `holds`, or with why it need not.
KNOWN: dict[str, set[str]] = {
    "Guarded rows: a signal refuses to delete a held one, and the person reads whom to ask.": {
        "chat/assistants/editing.py delete",
        "chat/conversations/feedback.py withdraw",
        "chat/evaluation/cases.py remove",
        "chat/reviews/tables.py delete",
        "chat/reviews/tables.py remove_column",
        "chat/reviews/tables.py remove_row",
        "chat/saved_prompts/saved.py delete",
        "chat/shares/links.py delete",
        "chat/transfers/access.py _delete",
    },
    "It leaves out what is held, or asks first and puts it out of sight.": {
        "chat/conversations/attachments.py discard",
        "chat/conversations/attachments.py sweep",
        "chat/conversations/ordering.py purge",
        "chat/conversations/removing.py _deleted_some",
        "chat/conversations/removing.py purge_deleted",
        "chat/live/retaining.py _shares_deleted",
        "chat/live/retaining.py run",
        "chat/transfers/access.py sweep",
        "documents/cleanup.py _sweep_files",
        "documents/services/kept.py discard",
        "documents/services/lifecycle.py _delete",
        "documents/services/lifecycle.py _step_back",
        "documents/services/lifecycle.py forget_previous",
        "documents/services/own.py purge",
        "langai_site/accounts/leaving.py _remove",
    },
    "Called only for what is not held: by purge, retention or the deletion of an account, which leave it out.": {
        "chat/live/expiring.py delete",
        "chat/live/leaving.py _remove_prompts",
        "chat/live/leaving.py remove",
        "chat/transfers/access.py remove_all",
        "documents/services/files.py drop.clear",
        "documents/services/leaving.py remove",
        "langai_site/accounts/leaving.py _forget_in_admin",
    },
    "It calls a service that is in this list, or one that only puts something out of sight.": {
        "chat/conversations/deleting.py delete",
        "chat/pages/assistants.py _delete",
        "chat/pages/deleting.py _delete",
        "chat/pages/reviews.py delete",
        "chat/pages/saved_prompts.py _delete",
        "chat/pages/shares.py delete",
        "chat/pages/views.py _delete",
        "documents/admin.py DocumentAdmin.delete_model",
        "documents/admin.py DocumentAdmin.delete_queryset",
        "documents/api.py _deleted",
        "documents/pages/changing.py change",
    },
    "Made from what is kept, and made again: words, drawn text, vectors, figures, sums, gaps, notices.": {
        "chat/conflicts/finding.py _pairs",
        "chat/conflicts/finding.py _read",
        "chat/conflicts/finding.py forget_replaced",
        "chat/gaps/noting.py note_wrong",
        "chat/gaps/testing.py run_all",
        "chat/history/rows.py replace",
        "chat/pages/drawing.py _store_for_readers",
        "chat/verified/making.py change",
        "chat/verified/making.py retire",
        "langai_site/usage/pseudonyms.py _forget_sums",
        "langai_site/usage/reports/rollup.py _drop",
        "search/diagnosis.py vector_store",
        "search/embeddings/files.py replacing",
        "search/embeddings/prepared.py PreparedModel.discard",
        "search/keywords/rows.py RowIndex.clear",
        "search/keywords/rows.py RowIndex.remove",
        "search/services/indexing.py _discard",
        "search/services/indexing.py forget_vectors",
        "search/services/relabelling.py renew",
        "search/services/retiring.py discard_retired",
        "search/upkeep/rebuilding.py Rebuild._write",
        "search/upkeep/rebuilding.py Rebuild.run",
        "search/upkeep/sync.py check",
        "search/upkeep/sync.py deleted",
        "search/upkeep/sync.py dropped",
        "search/upkeep/sync.py repair",
        "search/upkeep/sync.py sync_store",
        "search/upkeep/verification.py _in_store",
        "search/vectors/weaviate.py WeaviateStore.drop",
    },
    "Never finished, not the only copy, or the trial of a draft whose assistant stays.": {
        "chat/assistants/drafting.py _drop",
        "chat/conversations/attachments.py _stored",
        "chat/conversations/folder_files.py add",
        "chat/transfers/archive.py write",
        "chat/transfers/jobs.py _drop_upload",
        "documents/cleanup.py _sweep_readings",
        "documents/cleanup.py _sweep_unfinished",
        "documents/services/attached_files.py _remove_empty",
        "documents/services/uploads.py _written",
        "langai_site/accounts/partial_uploads.py discard",
        "langai_site/accounts/partial_uploads.py sweep",
    },
    "Sign-ins, keys, proposals and what undoes a change: nothing that somebody wrote.": {
        "chat/answer_tests/running.py plan",
        "chat/answer_tests/showing.py set_weekly",
        "chat/conflicts/access.py restore",
        "chat/conversations/ordering.py undo",
        "chat/routing/policies.py discard",
        "chat/turns/sending.py _claimed",
        "chat/turns/sending.py forget_old",
        "documents/services/sharing.py _give",
        "documents/services/sharing.py decide",
        "documents/services/sharing.py share",
        "langai_site/accounts/browser_sessions.py _end",
        "langai_site/accounts/browser_sessions.py discard_ended",
        "langai_site/accounts/browser_sessions.py on_sign_out",
        "langai_site/accounts/browser_sessions.py sign_out",
        "langai_site/accounts/leaving.py request",
        "langai_site/accounts/scim/groups.py remove",
        "langai_site/accounts/scim/people.py remove",
        "langai_site/accounts/second_factor.py reset",
        "langai_site/accounts/tokens.py discard_expired",
        "langai_site/accounts/tokens.py renewed",
        "langai_site/accounts/tokens.py sign_out",
        "langai_site/accounts/tokens.py sign_out_everywhere",
    },
    "The installation's own: backups, moves into an empty database, processes, catalogues.": {
        "langai_site/backup/archive.py writing",
        "langai_site/backup/databases.py _load_sqlite",
        "langai_site/backup/making.py _fill",
        "langai_site/backup/making.py back_up",
        "langai_site/backup/restoring.py _put_in_place",
        "langai_site/backup/restoring.py restore",
        "langai_site/backup/schedule.py run",
        "langai_site/database_move/moving.py _clear",
        "langai_site/env.py stored_secret",
        "langai_site/local_model.py write",
        "langai_site/outbound/connections/reading.py _deleted",
        "langai_site/processes/launcher.py main",
        "langai_site/processes/local_model/child.py child",
        "langai_site/processes/worker.py _finish",
        "langai_site/processes/worker.py beat",
        "langai_site/telemetry/doctor/stores.py cache",
        "langai_site/telemetry/metrics_view.py _fresh",
    },
}
