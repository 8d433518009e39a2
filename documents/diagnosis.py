"""Checks for `manage.py doctor`: what is there to read scanned pages, old office files and layouts."""

import shutil
import subprocess

import httpx
from django.conf import settings

from documents.extraction.ocr import PROGRAM
from documents.extraction.registry import libreoffice
from langai_site import registry
from langai_site.outbound.endpoints import is_local
from langai_site.registry import DoctorFinding

SECONDS = 4
# Trained data for the direction of pages and for formulas.
NOT_LANGUAGES = ("osd", "equ")


def register() -> None:
    registry.setup_step("languages of scanned pages", unknown_languages)
    registry.doctor_check("scanned pages", scanned_pages, advice=f"Install {PROGRAM} again.")
    registry.doctor_check("old office files", old_office_files, advice="Install LibreOffice again.")
    registry.doctor_check("extraction service", extraction_service, advice="Check EXTRACTOR_URL.")


def known_languages() -> tuple[str, ...]:
    """Return the languages that tesseract can recognise here, in its abbreviations; none if it is not installed."""
    if not shutil.which(PROGRAM):
        return ()
    listed = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, text=True, timeout=SECONDS, check=True)  # noqa: S603
    return tuple(sorted(set(listed.stdout.split("\n")[1:]) - {"", *NOT_LANGUAGES}))


def unknown_languages() -> str:
    """Return a warning for the start if tesseract does not know a language of OCR_LANGUAGES; "" if it cannot say."""
    try:
        found = scanned_pages()
    except (OSError, subprocess.SubprocessError):
        return ""
    if found.status != "fail":
        return ""
    return f"Warning: {found.found}, so scanned pages cannot be read. {found.advice}"


def old_office_files() -> DoctorFinding:
    """Check whether LibreOffice is installed."""
    found = libreoffice()
    missing = "LibreOffice is not installed: .doc and .ppt files are not read"
    return DoctorFinding("ok", f"{found} reads .doc and .ppt files") if found else DoctorFinding("off", missing)


def extraction_service() -> DoctorFinding:
    """Check that the service at EXTRACTOR_URL answers."""
    if not settings.EXTRACTOR_URL:
        return DoctorFinding("off", "EXTRACTOR_URL is not set: LangAI reads every file itself")
    direct = is_local(settings.EXTRACTOR_URL)
    with httpx.Client(timeout=SECONDS, trust_env=not direct, follow_redirects=False) as client:
        answer = client.get(f"{settings.EXTRACTOR_URL.rstrip('/')}/health")
    if not answer.is_success:
        return DoctorFinding("fail", f"it answers with status {answer.status_code}", "Check EXTRACTOR_URL.")
    return DoctorFinding("ok", "it answers" if direct else "it answers; it gets no confidential document")


def scanned_pages() -> DoctorFinding:
    """Check that tesseract is installed and knows the configured languages."""
    if not shutil.which(PROGRAM):
        return DoctorFinding("off", f"{PROGRAM} is not installed: text in pictures is not read")
    listed = subprocess.run([PROGRAM, "--list-langs"], capture_output=True, text=True, timeout=SECONDS, check=True)  # noqa: S603
    wanted = settings.OCR_LANGUAGES.split("+")
    if missing := sorted(set(wanted) - set(listed.stdout.split())):
        advice = f"Install {', '.join(f'tesseract-ocr-{name}' for name in missing)}, or change OCR_LANGUAGES."
        return DoctorFinding("fail", f"{PROGRAM} does not know {', '.join(missing)}", advice)
    return DoctorFinding("ok", f"{PROGRAM} knows {', '.join(wanted)}")
