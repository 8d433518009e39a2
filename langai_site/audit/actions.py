"""Pure: everything that leaves an event, with its words. docs/audit.md lists the same; a test walks through all."""

from collections.abc import Mapping
from typing import NamedTuple

from langai_site.words import gettext_noop


class Edits(NamedTuple):
    """The words for what admins do with a row of a kind."""

    add: str
    change: str
    delete: str


# Rows that admins edit: adding, changing and deleting one are actions of its kind. By the name of the model. What an
# admin page deletes besides, such as a conversation, stands below.
KINDS: Mapping[str, Edits] = {
    "user": Edits(gettext_noop("Added a person"), gettext_noop("Changed a person"), gettext_noop("Deleted a person")),
    "team": Edits(gettext_noop("Added a team"), gettext_noop("Changed a team"), gettext_noop("Deleted a team")),
    "group": Edits(
        gettext_noop("Added a permission group"),
        gettext_noop("Changed a permission group"),
        gettext_noop("Deleted a permission group"),
    ),
    "invitation": Edits(
        gettext_noop("Added an invitation"),
        gettext_noop("Changed an invitation"),
        gettext_noop("Deleted an invitation"),
    ),
    "groupmapping": Edits(
        gettext_noop("Added a group mapping"),
        gettext_noop("Changed a group mapping"),
        gettext_noop("Deleted a group mapping"),
    ),
    "socialapp": Edits(
        gettext_noop("Added an identity provider"),
        gettext_noop("Changed an identity provider"),
        gettext_noop("Deleted an identity provider"),
    ),
    "scimdirectory": Edits(
        gettext_noop("Added a directory"), gettext_noop("Changed a directory"), gettext_noop("Deleted a directory")
    ),
    "connection": Edits(
        gettext_noop("Added a connection"), gettext_noop("Changed a connection"), gettext_noop("Deleted a connection")
    ),
    "model": Edits(gettext_noop("Added a model"), gettext_noop("Changed a model"), gettext_noop("Deleted a model")),
    "routingpolicy": Edits(
        gettext_noop("Added a routing policy"),
        gettext_noop("Changed a routing policy"),
        gettext_noop("Deleted a routing policy"),
    ),
    "budget": Edits(gettext_noop("Added a budget"), gettext_noop("Changed a budget"), gettext_noop("Deleted a budget")),
    "sensitivepattern": Edits(
        gettext_noop("Added a sensitive pattern"),
        gettext_noop("Changed a sensitive pattern"),
        gettext_noop("Deleted a sensitive pattern"),
    ),
    "keepingrule": Edits(
        gettext_noop("Added a rule for temporary chats"),
        gettext_noop("Changed a rule for temporary chats"),
        gettext_noop("Deleted a rule for temporary chats"),
    ),
    "announcement": Edits(
        gettext_noop("Added an announcement"),
        gettext_noop("Changed an announcement"),
        gettext_noop("Deleted an announcement"),
    ),
    "retentionrule": Edits(
        gettext_noop("Added a retention rule"),
        gettext_noop("Changed a retention rule"),
        gettext_noop("Deleted a retention rule"),
    ),
    "answertestsettings": Edits(
        gettext_noop("Set up the weekly run of answers"),
        gettext_noop("Changed the weekly run of answers"),
        gettext_noop("Deleted the weekly run of answers"),
    ),
    "collection": Edits(
        gettext_noop("Added a collection"), gettext_noop("Changed a collection"), gettext_noop("Deleted a collection")
    ),
}
OWN: Mapping[str, str] = {
    "sign_in": gettext_noop("Signed in"),
    "sign_in.failed": gettext_noop("Failed to sign in"),
    "sign_out": gettext_noop("Signed out"),
    "session.end": gettext_noop("Signed out a browser"),
    "session.end_all": gettext_noop("Signed out everywhere"),
    "password.change": gettext_noop("Changed a password"),
    "factor.add": gettext_noop("Added a second factor"),
    "factor.remove": gettext_noop("Removed a second factor"),
    "factor.codes": gettext_noop("Made new recovery codes"),
    "factor.failed": gettext_noop("Entered a wrong code"),
    "factor.reset": gettext_noop("Removed somebody's second factors"),
    "key.add": gettext_noop("Made an API key"),
    "key.revoke": gettext_noop("Revoked an API key"),
    "invitation.renew": gettext_noop("Renewed an invitation's link"),
    "invitation.accept": gettext_noop("Accepted an invitation"),
    "user.rights": gettext_noop("Changed a person's rights or teams"),
    "user.switch": gettext_noop("Switched an account on or off"),
    "terms.publish": gettext_noop("Published terms of use"),
    "terms.accept": gettext_noop("Accepted the terms of use"),
    "terms.withdraw": gettext_noop("Withdrew terms of use"),
    "legalhold.add": gettext_noop("Set a legal hold"),
    "legalhold.change": gettext_noop("Changed a legal hold"),
    "legalhold.lift": gettext_noop("Lifted a legal hold"),
    "deletion.prove": gettext_noop("Proved that nothing is left of a deletion"),
    "user.leave": gettext_noop("Deleted their own account"),
    "user.link": gettext_noop("Linked an account to an identity provider"),
    "user.teams": gettext_noop("Changed a person's teams as their provider says"),
    "routingpolicy.activate": gettext_noop("Put a routing policy into force"),
    "collection.label": gettext_noop("Changed a collection's label"),
    "collection.readers": gettext_noop("Changed who reads or owns a collection"),
    "collection.restore": gettext_noop("Brought back a collection"),
    "document.upload": gettext_noop("Uploaded a document"),
    "document.replace": gettext_noop("Replaced a document's file"),
    "document.keep": gettext_noop("Cancelled the replacement of a document's file"),
    "document.change": gettext_noop("Changed a document"),
    "document.label": gettext_noop("Changed a document's label"),
    "document.delete": gettext_noop("Deleted a document"),
    "document.restore": gettext_noop("Brought back a document"),
    "document.move": gettext_noop("Moved a document to another collection"),
    "document.read": gettext_noop("Read a document in admin"),
    "conversation.label": gettext_noop("Lowered a conversation's label"),
    "conversation.delete": gettext_noop("Deleted a conversation"),
    "conversation.export": gettext_noop("Exported a conversation"),
    "conversation.export_many": gettext_noop("Started an export of conversations"),
    "conversation.import": gettext_noop("Started an import of conversations"),
    "share.add": gettext_noop("Shared a conversation by a link"),
    "share.change": gettext_noop("Changed a link to a shared conversation"),
    "share.revoke": gettext_noop("Revoked a link to a shared conversation"),
    "share.delete": gettext_noop("Deleted a link to a shared conversation"),
    "verified.add": gettext_noop("Verified an answer"),
    "verified.change": gettext_noop("Changed a verified answer"),
    "verified.retire": gettext_noop("Retired a verified answer"),
    "case.keep": gettext_noop("Kept an answer as a test case"),
    "case.change": gettext_noop("Changed a test case"),
    "case.import": gettext_noop("Imported test cases"),
    "case.export": gettext_noop("Exported test cases"),
    "case.delete": gettext_noop("Removed a test case"),
    "case.weekly": gettext_noop("Changed whether test cases are answered each week"),
    "conflict.dismiss": gettext_noop("Marked two figures as not a conflict"),
    "conflict.restore": gettext_noop("Marked two figures as a conflict again"),
    "review.add": gettext_noop("Made a review table"),
    "review.export": gettext_noop("Exported a review table"),
    "review.delete": gettext_noop("Deleted a review table"),
    "assistant.add": gettext_noop("Made an assistant"),
    "assistant.change": gettext_noop("Changed an assistant"),
    "assistant.share": gettext_noop("Changed who may use an assistant"),
    "assistant.withdraw": gettext_noop("Withdrew a shared assistant"),
    "assistant.reinstate": gettext_noop("Let an assistant be shared again"),
    "assistant.delete": gettext_noop("Deleted an assistant"),
    "prompt.add": gettext_noop("Made a shared prompt"),
    "prompt.change": gettext_noop("Changed a shared prompt"),
    "prompt.share": gettext_noop("Changed who may use a prompt"),
    "prompt.withdraw": gettext_noop("Withdrew a shared prompt"),
    "prompt.reinstate": gettext_noop("Let a prompt be shared again"),
    "prompt.delete": gettext_noop("Deleted a shared prompt"),
    "openwebui.import": gettext_noop("Moved an Open WebUI in"),
    "branch.delete": gettext_noop("Deleted a message with what follows it"),
    "conversation.restore": gettext_noop("Brought back a conversation"),
    "backup.make": gettext_noop("Made a backup"),
    "usage.export": gettext_noop("Exported usage"),
    "audit.export": gettext_noop("Exported the audit log"),
    "ledger.export": gettext_noop("Exported the head of the chain"),
    "secrets.rotate": gettext_noop("Encrypted stored secrets again"),
    "models.sync": gettext_noop("Asked providers for their models"),
}
# What things are called within a sentence, by their kind.
THINGS: Mapping[str, str] = {
    "user": gettext_noop("user"),
    "team": gettext_noop("team"),
    "group": gettext_noop("group"),
    "invitation": gettext_noop("invitation"),
    "connection": gettext_noop("connection"),
    "model": gettext_noop("model"),
    "budget": gettext_noop("budget"),
    "collection": gettext_noop("collection"),
    "document": gettext_noop("document"),
    "legalhold": gettext_noop("legal hold"),
    "deletionreceipt": gettext_noop("deletion receipt"),
    "conversation": gettext_noop("conversation"),
    "message": gettext_noop("message"),
    "share": gettext_noop("share"),
    "transfer": gettext_noop("transfer"),
    "verified": gettext_noop("verified answer"),
    "case": gettext_noop("test case"),
    "review": gettext_noop("review table"),
    "assistant": gettext_noop("assistant"),
    "prompt": gettext_noop("prompt"),
}
ACTIONS: Mapping[str, str] = {
    **OWN,
    **{f"{kind}.{verb}": words for kind, edits in KINDS.items() for verb, words in edits._asdict().items()},
}
