from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='usageentry',
            name='price_version',
            field=models.CharField(blank=True, help_text='The price that the cost follows from.', max_length=20),
        ),
    ]
