# A thin face of CMake, ctest, node and the scripts in .ci/: each target installs what it lacks, builds, and goes.
# `make help` lists the targets; docs/development.md says more.

BUILD  ?= build
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)

INTEGRATION  := tests/integration
NODE_MODULES := $(INTEGRATION)/node_modules/.package-lock.json

.DEFAULT_GOAL := build
.PHONY: help build demo test unit integration check bench install clean

help:
	@echo 'make build        build/trawl and its plugins'
	@echo 'make demo         three little sites on 127.0.0.1:8081, a server on 127.0.0.1:8080, and a first run'
	@echo 'make test         unit tests, fuzz corpora and integration tests'
	@echo 'make check        other compilers, sanitizers, static analysis, format; some minutes'
	@echo 'make bench        what a page and a delivery cost, beside Scrapy and nchan'
	@echo 'make install      to PREFIX (now $(PREFIX)), below DESTDIR'
	@echo 'make clean        remove what was built'
	@echo
	@echo 'unit and integration are the halves of test. Variables: BUILD, PREFIX, DESTDIR, JOBS.'

build:
	@.ci/install-packages build
	@.ci/build $(BUILD)

demo: build
	@config/demo.sh $(BUILD)/trawl

test: unit integration

unit: build
	ctest --test-dir $(BUILD) --output-on-failure --parallel $(JOBS)

integration: build
	@.ci/install-packages test
	@$(MAKE) --no-print-directory $(NODE_MODULES)
	$(INTEGRATION)/run $(BUILD)

# npm's own copy of the lockfile is written last, so its date tells whether the folder is whole and current.
$(NODE_MODULES): $(INTEGRATION)/package-lock.json
	cd $(INTEGRATION) && npm ci --no-audit --no-fund
	@touch $@

check:
	@.ci/install-packages build test check
	@$(MAKE) --no-print-directory $(NODE_MODULES)
	@.ci/check

bench: build
	@.ci/install-packages bench
	@tests/bench/run $(BUILD)

install:
	@.ci/build $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	DESTDIR="$(DESTDIR)" cmake --install $(BUILD) --prefix "$(PREFIX)"

clean:
	rm -rf $(BUILD) build-*
