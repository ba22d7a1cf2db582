# Thin on purpose: what each target does stands in scripts/ and tests/run.
# Another server than Debian's PostgreSQL 15: make TARGET PG_CONFIG=/path/to/pg_config

.PHONY: help all demo fast test soak bench build install uninstall package schema lint clean

help: ## lists the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## shows it working, in a throw-away server (installs what is missing)
	@scripts/setup build
	@scripts/install
	@scripts/with-cluster scripts/demo

fast: ## runs what the changed files can break, in seconds, without npm, Go or Java
	@scripts/setup fast
	@tests/fast

test: ## runs all tests (installs what is missing); STAGES="regress restore" for some
	@scripts/setup test
	@tests/run $(STAGES)

soak: ## runs what takes long: more crashes, longer histories, a fresh Debian, pg_cron (installs what is missing)
	@scripts/setup soak
	@tests/soak

bench: ## compares with what people write by hand (25 minutes); SIZES="10000 100000", QUICK=1
	@scripts/setup bench
	@benches/run $(if $(SIZES),--sizes "$(SIZES)") $(if $(QUICK),--quick)

all: build

build: ## compiles the library
	@scripts/build

install: ## compiles and installs into the server of PG_CONFIG
	@scripts/install

uninstall: ## removes what install put there
	@scripts/install --remove

package: ## makes Debian packages, RPMs, images and the archive for PGXN, for 15 to 19, below target/package
	@scripts/setup package
	@scripts/package

schema: ## joins sql/inventory_core--VERSION.sql again, after a change of SQL
	@scripts/schema

lint: ## format, clippy and the rules of the house
	@scripts/lint

clean: ## removes what was compiled
	@cargo clean
