"""Pages of the admin load the script that names what Django leaves unnamed for screen readers."""

import pytest

from langai_site.accounts.models import User


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/", "/admin/outbound/model/", "/admin/accounts/user/add/"])
def test_pages_of_the_admin_name_their_fields(client, path):
    client.force_login(User.objects.create_superuser("admin"))
    assert '<script type="module" src="/static/admin/names.js"></script>' in client.get(path).text
