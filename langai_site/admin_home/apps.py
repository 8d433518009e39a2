from django.contrib.admin.apps import AdminConfig


class LangAIAdminConfig(AdminConfig):
    """Django's admin, with LangAI's own site as `admin.site`."""

    default_site = "langai_site.admin_home.site.LangAIAdminSite"
