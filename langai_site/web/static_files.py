"""Chooses which files of the installed packages are collected."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Leaves out ninja's files for pages that we do not use: collecting them would take most of the time."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "redoc.*", "swagger-ui-bundle.js.map"]
