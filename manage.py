#!/usr/bin/env python
"""Django's command line, with mistakes of configuration and a full disk told in one line instead of a traceback."""

import gc
import os
import sys

# As a program that was ended by SIGPIPE.
OUTPUT_CLOSED = 141


def _load_applications() -> None:
    """Load the applications, which stay until the end, without looking for garbage: that is a third of the CPU."""
    import django

    gc.disable()
    django.setup()
    gc.enable()
    gc.freeze()


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
        _load_applications()
        execute_from_command_line(sys.argv)
        sys.stdout.flush()
    except ImproperlyConfigured as error:
        sys.exit(f"LangAI cannot start: {error}")
    except BrokenPipeError:
        # Whoever reads the output, such as `head`, has what it wanted. What is left must not be written at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OUTPUT_CLOSED)
    except Exception as error:
        from langai_site.folders import DISK_FULL, is_disk_full

        if is_disk_full(error):
            sys.exit(DISK_FULL)
        raise


if __name__ == "__main__":
    main()
