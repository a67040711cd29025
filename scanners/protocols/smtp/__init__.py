"""SMTP (RFC 5321, RFC 3207, RFC 4954): STARTTLS, credentials in clear, relaying. No mail is ever given to the server."""

from scanners.protocols.smtp.look import SCANNER, SmtpFacts

__all__ = ["SCANNER", "SmtpFacts"]
