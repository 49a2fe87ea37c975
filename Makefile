# The commands of this house. Each first installs what it lacks (Debian packages; sudo where not root) and says so.

.PHONY: help setup test demo storms storm fuzz bench

help:
	@echo 'make setup   installs: a C compiler, pkg-config, libsystemd-dev, curl, mosquitto-clients, faketime, gammu, chromium, its driver'
	@echo 'make test    format, lints, build and all tests; installs what setup does'
	@echo 'make demo    hub, two sites, twelve dispensers, four pretend payment providers, two modems and a phone to dial on this machine;'
	@echo '             installs a C compiler, pkg-config, libsystemd-dev. Ctrl-c ends it; DEMO_SECONDS=60 make demo ends by itself and judges'
	@echo 'make storms  SEEDS=200 simulated worlds, each held against every promise; names each seed that broke one. Installs'
	@echo '             what a build needs. SEED=7 make storm runs one world and tells its story'
	@echo 'make fuzz    SECONDS=60 of damaged input, with SEED=1, for all that reads what others wrote; keeps what breaks it in target/.'
	@echo '             Installs what a build needs'
	@echo 'make bench   figures beside peers; installs mosquitto, redis-server, faketime, gzip, python3-venv, and paho-mqtt,'
	@echo '             FastAPI, uvicorn and redis-py under target/.'
	@echo '             BENCH="--clients 6 --rounds 1 --seconds 5 --payments 2000 --kills 2 --callbacks 2000" makes it short'

# Nothing is installed when nothing is missing.
setup:
	@.ci/setup test

test: setup
	@.ci/test

demo:
	@.ci/demo

# One binary, built with optimisation: a world takes about a second.
SEEDS ?= 200
STORM = cargo run --quiet --release --package kisima-tests --bin kisima-storm --

storms:
	@.ci/setup build
	@$(STORM) --seeds $(SEEDS)

storm:
	@.ci/setup build
	@$(STORM) --seed $(SEED) --story

# Another SEED damages otherwise.
SECONDS ?= 60

fuzz:
	@.ci/setup build
	@cargo run --quiet --release --package kisima-tests --bin kisima-fuzz -- --seconds $(SECONDS) --seed $(or $(SEED),1) --out target

bench:
	@.ci/bench $(BENCH)
