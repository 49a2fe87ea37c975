# The commands of this house. Each first installs what it lacks (Debian packages; sudo where not root) and says so.

.PHONY: help setup test demo bench

help:
	@echo 'make setup   installs: a C compiler, pkg-config, libsystemd-dev, curl, mosquitto-clients, faketime, chromium, its driver'
	@echo 'make test    format, lints, build and all tests; installs what setup does'
	@echo 'make demo    hub, two sites, twelve dispensers and pretend M-PESA on this machine; installs a C compiler, pkg-config,'
	@echo '             libsystemd-dev. Ctrl-c ends it; DEMO_SECONDS=60 make demo ends by itself and judges'
	@echo 'make bench   figures beside peers; installs mosquitto, python3-venv, and paho-mqtt under target/.'
	@echo '             BENCH="--clients 6 --rounds 1 --seconds 5" makes it short'

# Nothing is installed when nothing is missing.
setup:
	@.ci/setup test

test: setup
	@.ci/test

demo:
	@.ci/demo

bench:
	@.ci/bench $(BENCH)
