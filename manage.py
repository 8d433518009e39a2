#!/usr/bin/env python
"""Django's command line, with configuration mistakes told in one line instead of a traceback."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    # Whatever LangAI writes is for its own account; processes that it starts inherit this.
    os.umask(0o077)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        if sys.argv[1:] == ["run"]:
            # It only watches the processes that load the applications, and stays small beside them.
            from langai_site.processes import launcher

            return launcher.main()
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"LangAI cannot start: {error}")


if __name__ == "__main__":
    main()
