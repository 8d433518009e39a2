"""SCIM 2.0 (RFC 7643 and 7644): a directory creates, changes and switches off accounts, and fills teams."""
