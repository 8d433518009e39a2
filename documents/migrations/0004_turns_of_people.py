from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0003_the_request_of_a_document'),
        ('search', '0005_label_rises'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='slow',
            field=models.BooleanField(default=False, editable=False, help_text='Reading it takes longer than reading small files, so others go first.'),
        ),
        migrations.AddField(
            model_name='document',
            name='taken_at',
            field=models.DateTimeField(editable=False, help_text='When a worker last took it. Workers take the documents of different people in turns.', null=True),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['uploaded_by', 'taken_at'], name='turns_of_a_person'),
        ),
    ]
