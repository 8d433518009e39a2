"""The admin pages of accounts."""

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
    "ProviderAdmin",
    "ScimDirectoryAdmin",
    "TeamAdmin",
    "TermsOfUseAdmin",
]
