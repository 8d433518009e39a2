from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0007_what_was_sent'),
    ]

    operations = [
        migrations.AddField(
            model_name='usageentry',
            name='earlier_answers',
            field=models.PositiveIntegerField(help_text='How many earlier answers were sent along; empty: from before that was recorded.', null=True),
        ),
    ]
