from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0005_label_rises'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='labelrise',
            name='entries_seen',
        ),
    ]
