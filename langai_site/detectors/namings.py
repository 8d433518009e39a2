"""Pure: what the built-in detectors find, in words: for use after "found", with an article if it is one."""

from collections.abc import Mapping

from langai_site.sentences import Template, counted_sentence, sentence

# By kind; national numbers by python-stdnum's module.
NAMINGS: Mapping[str, Template] = {
    "payment_card": counted_sentence("found.payment_card", "a payment card number", "%(count)s payment card numbers"),
    "iban": counted_sentence("found.iban", "an IBAN", "%(count)s IBANs"),
    "private_key": counted_sentence("found.private_key", "a private key", "%(count)s private keys"),
    "password": counted_sentence("found.password", "a password", "%(count)s passwords"),
    "secret": counted_sentence("found.secret", "a secret key or token", "%(count)s secret keys or tokens"),
    "address_with_password": counted_sentence(
        "found.address_with_password", "an address with a password", "%(count)s addresses with passwords"
    ),
    "aws_key": counted_sentence("found.aws_key", "an AWS access key", "%(count)s AWS access keys"),
    "google_key": counted_sentence("found.google_key", "a Google API key", "%(count)s Google API keys"),
    "azure_key": counted_sentence("found.azure_key", "an Azure key", "%(count)s Azure keys"),
    "github_token": counted_sentence("found.github_token", "a GitHub token", "%(count)s GitHub tokens"),
    "gitlab_token": counted_sentence("found.gitlab_token", "a GitLab token", "%(count)s GitLab tokens"),
    "slack_token": counted_sentence("found.slack_token", "a Slack token", "%(count)s Slack tokens"),
    "stripe_key": counted_sentence("found.stripe_key", "a Stripe key", "%(count)s Stripe keys"),
    "anthropic_key": counted_sentence("found.anthropic_key", "an Anthropic key", "%(count)s Anthropic keys"),
    "openai_key": counted_sentence("found.openai_key", "an OpenAI key", "%(count)s OpenAI keys"),
    "model_key": counted_sentence("found.model_key", "a key of a model provider", "%(count)s keys of model providers"),
    "npm_token": counted_sentence("found.npm_token", "an npm token", "%(count)s npm tokens"),
    "pypi_token": counted_sentence("found.pypi_token", "a PyPI token", "%(count)s PyPI tokens"),
    "service_token": counted_sentence("found.service_token", "an access token", "%(count)s access tokens"),
    "jwt": counted_sentence("found.jwt", "a signed token (JWT)", "%(count)s signed tokens (JWT)"),
    "it.codicefiscale": counted_sentence(
        "found.it.codicefiscale", "an Italian tax code", "%(count)s Italian tax codes"
    ),
    "mx.curp": counted_sentence("found.mx.curp", "a Mexican CURP", "%(count)s Mexican CURPs"),
    "fi.hetu": counted_sentence("found.fi.hetu", "a Finnish identity code", "%(count)s Finnish identity codes"),
    "pt.cc": counted_sentence(
        "found.pt.cc", "a Portuguese citizen card number", "%(count)s Portuguese citizen card numbers"
    ),
    "fr.nir": counted_sentence(
        "found.fr.nir", "a French social security number", "%(count)s French social security numbers"
    ),
    "ch.ssn": counted_sentence("found.ch.ssn", "a Swiss AHV number", "%(count)s Swiss AHV numbers"),
    "cn.ric": counted_sentence("found.cn.ric", "a Chinese identity number", "%(count)s Chinese identity numbers"),
    "be.nn": counted_sentence("found.be.nn", "a Belgian national number", "%(count)s Belgian national numbers"),
    "br.cpf": counted_sentence("found.br.cpf", "a Brazilian CPF", "%(count)s Brazilian CPFs"),
    "cl.rut": counted_sentence("found.cl.rut", "a Chilean RUT", "%(count)s Chilean RUTs"),
    "ar.cuit": counted_sentence("found.ar.cuit", "an Argentine CUIT", "%(count)s Argentine CUITs"),
    "kr.rrn": counted_sentence("found.kr.rrn", "a Korean resident number", "%(count)s Korean resident numbers"),
    "th.pin": counted_sentence("found.th.pin", "a Thai identity number", "%(count)s Thai identity numbers"),
    "us.ssn": counted_sentence("found.us.ssn", "a US social security number", "%(count)s US social security numbers"),
    "ca.sin": counted_sentence("found.ca.sin", "a Canadian SIN", "%(count)s Canadian SINs"),
    "gb.nhs": counted_sentence("found.gb.nhs", "an NHS number", "%(count)s NHS numbers"),
    "ie.pps": counted_sentence("found.ie.pps", "an Irish PPS number", "%(count)s Irish PPS numbers"),
    "de.idnr": counted_sentence("found.de.idnr", "a German tax number", "%(count)s German tax numbers"),
    "at.vnr": counted_sentence("found.at.vnr", "an Austrian insurance number", "%(count)s Austrian insurance numbers"),
    "es.dni": counted_sentence("found.es.dni", "a Spanish identity number", "%(count)s Spanish identity numbers"),
    "es.nie": counted_sentence("found.es.nie", "a Spanish foreigner number", "%(count)s Spanish foreigner numbers"),
    "nl.bsn": counted_sentence("found.nl.bsn", "a Dutch BSN", "%(count)s Dutch BSNs"),
    "pl.pesel": counted_sentence("found.pl.pesel", "a Polish PESEL", "%(count)s Polish PESELs"),
    "cz.rc": counted_sentence(
        "found.cz.rc", "a Czech or Slovak birth number", "%(count)s Czech or Slovak birth numbers"
    ),
    "ro.cnp": counted_sentence("found.ro.cnp", "a Romanian CNP", "%(count)s Romanian CNPs"),
    "hr.oib": counted_sentence("found.hr.oib", "a Croatian OIB", "%(count)s Croatian OIBs"),
    "si.emso": counted_sentence("found.si.emso", "an EMŠO", "%(count)s EMŠOs"),
    "bg.egn": counted_sentence("found.bg.egn", "a Bulgarian EGN", "%(count)s Bulgarian EGNs"),
    "gr.amka": counted_sentence("found.gr.amka", "a Greek AMKA", "%(count)s Greek AMKAs"),
    "ee.ik": counted_sentence("found.ee.ik", "an Estonian identity code", "%(count)s Estonian identity codes"),
    "lt.asmens": counted_sentence(
        "found.lt.asmens", "a Lithuanian personal code", "%(count)s Lithuanian personal codes"
    ),
    "no.fodselsnummer": counted_sentence(
        "found.no.fodselsnummer", "a Norwegian identity number", "%(count)s Norwegian identity numbers"
    ),
    "se.personnummer": counted_sentence(
        "found.se.personnummer", "a Swedish identity number", "%(count)s Swedish identity numbers"
    ),
    "dk.cpr": counted_sentence("found.dk.cpr", "a Danish CPR number", "%(count)s Danish CPR numbers"),
    "is_.kennitala": counted_sentence(
        "found.is_.kennitala", "an Icelandic kennitala", "%(count)s Icelandic kennitalas"
    ),
    "tr.tckimlik": counted_sentence(
        "found.tr.tckimlik", "a Turkish identity number", "%(count)s Turkish identity numbers"
    ),
    "il.idnr": counted_sentence("found.il.idnr", "an Israeli identity number", "%(count)s Israeli identity numbers"),
    "za.idnr": counted_sentence("found.za.idnr", "a South African ID number", "%(count)s South African ID numbers"),
    "in_.aadhaar": counted_sentence("found.in_.aadhaar", "an Aadhaar number", "%(count)s Aadhaar numbers"),
    "jp.in_": counted_sentence("found.jp.in_", "a Japanese My Number", "%(count)s Japanese My Numbers"),
}
EMAIL_LIST = sentence("found.email_list", "a list of %(count)s e-mail addresses")
OF_RULE = sentence("found.rule", "“%(name)s”, which your admins call sensitive")
