"""Checks of this machine: folders, and sending mail; and whether settings contradict one another."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.mail import EmailMessage, get_connection

from langai_site.registry import DoctorFinding, Verdict

MEGABYTE = 1024 * 1024
FREE_TOLD, FREE_TOO_LITTLE = 2048 * MEGABYTE, 200 * MEGABYTE
MAIL_SECONDS = 4
DUMMY, SMTP = (f"django.core.mail.backends.{name}.EmailBackend" for name in ("dummy", "smtp"))


def configuration() -> DoctorFinding:
    """Report what `manage.py check` says, with --deploy in production."""
    found = checks.run_checks(include_deployment_checks=settings.PRODUCTION)
    messages = [message for message in found if not message.is_silenced() and message.level >= checks.WARNING]
    if not messages:
        return DoctorFinding("ok", f"ENV={settings.ENV}; nothing to object to")
    status: Verdict = "fail" if any(message.level >= checks.ERROR for message in messages) else "warn"
    return DoctorFinding(
        status,
        "; ".join(f"{message.id}: {message.msg}" for message in messages),
        " ".join(message.hint for message in messages if message.hint),
    )


def folders() -> DoctorFinding:
    """Check that DATA_DIR and its contents can be written, and how much space is left."""
    for folder in _written():
        # Writing also finds what only a full disk, or a quota, refuses.
        with tempfile.TemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"doctor")
    free = shutil.disk_usage(settings.DATA_DIR).free
    found = f"{settings.DATA_DIR}, {free / 1024**3:.1f} GB free"
    if not (settings.STATIC_ROOT / "staticfiles.json").is_file():
        return DoctorFinding("fail", f"{found}; what pages need is not collected", "Run manage.py setup.")
    status: Verdict = "fail" if free < FREE_TOO_LITTLE else "warn" if free < FREE_TOLD else "ok"
    return DoctorFinding(status, found, "Make room, or set DATA_DIR to a larger disk." if status != "ok" else "")


def _written() -> list[Path]:
    """Return the folders that exist: some are created when they are first needed."""
    return [path for path in (settings.DATA_DIR, Path(settings.MEDIA_ROOT), settings.MODEL_DIR) if path.is_dir()]


def mail() -> DoctorFinding:
    """Check that the server accepts the connection and the password; nothing is sent."""
    if settings.EMAIL_BACKEND == DUMMY:
        return DoctorFinding("off", "EMAIL_URL is not set: warnings are shown on pages only")
    if settings.EMAIL_BACKEND != SMTP:
        return DoctorFinding("ok", "it is written, not sent")
    connection = get_connection(timeout=MAIL_SECONDS)
    connection.open()
    connection.close()
    return DoctorFinding("ok", f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT} takes mail")


def mail_to(address: str) -> DoctorFinding:
    """Send a message to this address."""
    if settings.EMAIL_BACKEND == DUMMY:
        return DoctorFinding("fail", "EMAIL_URL is not set, so nothing was sent", "Set EMAIL_URL.")
    connection = get_connection(timeout=MAIL_SECONDS)
    text = "manage.py doctor sent this, to see whether mail arrives."
    EmailMessage("LangAI can send mail", text, to=[address], connection=connection).send()
    return DoctorFinding("ok", f"a message went to {address}; see whether it arrives")
