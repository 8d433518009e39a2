"""Django's `makemessages`, which finds the sentences that modules define as well: see `langai_site/sentences.py`."""

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        # The code of a sentence is its context, so that the same English may have two translations.
        "--keyword=sentence:1c,2",
        "--keyword=counted_sentence:1c,2,3",
    ]
