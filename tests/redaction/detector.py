"""A second, simple detector, written without looking at the first: what every secret scanner knows."""

import re

NOT_REDACTED = r"(?!\[redacted:)"
NAME = (r"(?:password|passwd|passphrase|pwd|secret|token|cookie|session[_-]?id|sessid|signature|verifier|assertion"
        r"|saml_?response|device_?code|(?:api|account|access|shared|subscription|functions|encryption|consumer|private)[_-]?key)")

RULES = {name: re.compile(rule) for name, rule in {
    "JWT": r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "AWS key id": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{40,})",
    "GitLab": r"\bglpat-[\w-]{20}",
    "Slack": r"\bxox[abprs]-[\w-]{20,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "Stripe": r"\b[sr]k_live_\w{20,}",
    "SendGrid": r"\bSG\.[\w-]{22}\.[\w-]{43}",
    "Google": r"\bAIza[\w-]{35}|\bya29\.[\w-]{50,}",
    "npm and PyPI": r"\bnpm_[A-Za-z0-9]{36}|\bpypi-AgEI[\w-]{50,}",
    "Vault": r"\bhvs\.[\w-]{24,}",
    "bearer": r"(?i)\bbearer +" + NOT_REDACTED + r"[\w.~+/-]{20,}",
    "basic": r"(?i)\bauthorization[\"']?\s*[:=]\s*\[?[\"']?basic +" + NOT_REDACTED + r"[\w+/]{16,}",
    "address": r"\b[a-z][a-z0-9+]+://[^\s/@:\"']*:" + NOT_REDACTED + r"[^\s/@\"'\[]{6,}@",
    "signature": r"[?&](?:sig|X-Amz-Signature|X-Goog-Signature)=" + NOT_REDACTED + r"[\w%+/=]{30,}",
    "name and value": r"(?i)(?<![\w.-])[\w.-]*" + NAME + r"\b[\"']?\s*(?:=|:|=>|,)\s*\[?\s*b?[\"']?" + NOT_REDACTED
                      + r"(?=[^\s\"'<>&,;\[\]{}]*\d)[^\s\"'<>&,;\[\]{}]{9,}",
}.items()}


def detect(text):
    """The rules that find something, with what they find."""
    return {name: match.group()[:120] for name, rule in RULES.items() if (match := rule.search(text))}
