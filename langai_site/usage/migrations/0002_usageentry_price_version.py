from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='usageentry',
            name='price_version',
            field=models.CharField(blank=True, default='', help_text='The dated price that the cost is from.', max_length=100),
            preserve_default=False,
        ),
    ]
