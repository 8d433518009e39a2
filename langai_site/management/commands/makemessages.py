"""Django's `makemessages`, which finds the sentences that modules define as well: see `langai_site/sentences.py`."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        # The first argument of each is its code.
        "--keyword=sentence:2",
        "--keyword=counted_sentence:2,3",
    ]
