# The commands of this house. Each first installs what it lacks (Debian packages; sudo where not root) and says so.

.PHONY: help setup test

help:
	@echo 'make setup   installs: a C compiler, pkg-config, libsystemd-dev, mosquitto-clients, chromium and its driver'
	@echo 'make test    format, lints, build and all tests; installs what setup does'

# Nothing is installed when nothing is missing.
setup:
	@.ci/setup test

test: setup
	@.ci/test
