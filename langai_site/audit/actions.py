"""Pure: everything that leaves an event, with its words. docs/audit.md lists the same; a test walks through all."""

from collections.abc import Mapping

# Rows that admins edit: adding, changing and deleting one are actions of its kind. By the name of the model. What an
# admin page deletes besides, such as a conversation, stands below.
KINDS: Mapping[str, str] = {
    "user": "person",
    "team": "team",
    "group": "permission group",
    "invitation": "invitation",
    "groupmapping": "group mapping",
    "socialapp": "identity provider",
    "connection": "connection",
    "model": "model",
    "routingpolicy": "routing policy",
    "budget": "budget",
    "sensitivepattern": "sensitive pattern",
    "keepingrule": "rule for temporary chats",
    "collection": "collection",
}
VERBS = {"add": "Added a {}", "change": "Changed a {}", "delete": "Deleted a {}"}
OWN: Mapping[str, str] = {
    "sign_in": "Signed in",
    "sign_in.failed": "Failed to sign in",
    "sign_out": "Signed out",
    "session.end": "Signed out a browser",
    "session.end_all": "Signed out everywhere",
    "password.change": "Changed a password",
    "factor.add": "Added a second factor",
    "factor.remove": "Removed a second factor",
    "factor.codes": "Made new recovery codes",
    "factor.failed": "Entered a wrong code",
    "factor.reset": "Removed somebody's second factors",
    "key.add": "Made an API key",
    "key.revoke": "Revoked an API key",
    "invitation.renew": "Renewed an invitation's link",
    "invitation.accept": "Accepted an invitation",
    "user.rights": "Changed a person's rights or teams",
    "user.switch": "Switched an account on or off",
    "user.link": "Linked an account to an identity provider",
    "user.teams": "Changed a person's teams as their provider says",
    "routingpolicy.activate": "Put a routing policy into force",
    "collection.label": "Changed a collection's label",
    "collection.readers": "Changed who reads or owns a collection",
    "document.upload": "Uploaded a document",
    "document.replace": "Replaced a document's file",
    "document.change": "Changed a document",
    "document.label": "Changed a document's label",
    "document.delete": "Deleted a document",
    "document.read": "Read a document in admin",
    "conversation.label": "Lowered a conversation's label",
    "conversation.delete": "Deleted a conversation",
    "conversation.export": "Exported a conversation",
    "branch.delete": "Deleted a message with what follows it",
    "conversation.restore": "Brought back a conversation",
    "usage.export": "Exported usage",
    "audit.export": "Exported the audit log",
    "ledger.export": "Exported the head of the chain",
    "secrets.rotate": "Encrypted stored secrets again",
    "models.sync": "Asked providers for their models",
}
ACTIONS: Mapping[str, str] = {
    **OWN,
    **{f"{kind}.{verb}": words.format(name) for kind, name in KINDS.items() for verb, words in VERBS.items()},
}
