"""The admin pages of accounts."""

from langai_site.accounts.admin.holds import LegalHoldAdmin
from langai_site.accounts.admin.people import ApiKeyAdmin, InvitationAdmin, LangAIUserAdmin, TeamAdmin
from langai_site.accounts.admin.superusers import (
    GroupMappingAdmin,
    ProviderAdmin,
    ScimDirectoryAdmin,
    TermsOfUseAdmin,
)

__all__ = [
    "ApiKeyAdmin",
    "GroupMappingAdmin",
    "InvitationAdmin",
    "LangAIUserAdmin",
    "LegalHoldAdmin",
    "ProviderAdmin",
    "ScimDirectoryAdmin",
    "TeamAdmin",
    "TermsOfUseAdmin",
]
