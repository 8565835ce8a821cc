"""The web page and the HTTP service that `hrdp serve` starts. Nothing else imports it: its libraries are loaded for it alone."""
