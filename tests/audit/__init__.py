"""Known vulnerabilities of the locked packages: `make audit`, which `.ci/run` runs."""
