# A thin face of CMake, ctest, node and the scripts in .ci/: each target installs what it lacks, builds, and goes.
# `make help` lists the targets; docs/development.md says more.

BUILD  ?= build
PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)

# npm's own copy of a lockfile is written last, so its date tells whether the folder is whole and current.
MODULES   := node_modules/.package-lock.json
DASHBOARD := web/dist/index.html

.DEFAULT_GOAL := build
.PHONY: help build web demo test unit web-unit integration browser check bench install clean

help:
	@echo 'make build        build/trawl and its plugins'
	@echo 'make web          the dashboard, in web/dist'
	@echo 'make demo         three little sites on 127.0.0.1:8081, a server on 127.0.0.1:8080, and a first run'
	@echo 'make test         unit tests, fuzz corpora, integration tests, the dashboard in a browser'
	@echo 'make check        other compilers, sanitizers, static analysis, format; some minutes'
	@echo 'make bench        what a page and a delivery cost, beside Scrapy and nchan'
	@echo 'make install      to PREFIX (now $(PREFIX)), below DESTDIR'
	@echo 'make clean        remove what was built'
	@echo
	@echo 'unit, web-unit, integration and browser are the parts of test. Variables: BUILD, PREFIX, DESTDIR, JOBS.'

build:
	@.ci/install-packages build
	@.ci/build $(BUILD)

web:
	@.ci/install-packages web
	@$(MAKE) --no-print-directory $(DASHBOARD)

demo: build web
	@config/demo.sh $(BUILD)/trawl

test: unit web-unit integration browser

unit: build
	ctest --test-dir $(BUILD) --output-on-failure --parallel $(JOBS)

web-unit: web
	cd web && npm test

integration: build
	@.ci/install-packages test
	@$(MAKE) --no-print-directory tests/integration/$(MODULES)
	tests/integration/run $(BUILD)

browser: build web
	@.ci/install-packages test
	@$(MAKE) --no-print-directory tests/integration/$(MODULES) tests/web/$(MODULES)
	tests/web/run $(BUILD)

%/$(MODULES): %/package-lock.json
	cd $* && npm ci --no-audit --no-fund
	@touch $@

$(DASHBOARD): web/$(MODULES) $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)
	cd web && npm run build
	@touch $@

check: web
	@.ci/install-packages build test check
	@$(MAKE) --no-print-directory tests/integration/$(MODULES)
	@.ci/check

bench: build web
	@.ci/install-packages bench test
	@$(MAKE) --no-print-directory tests/integration/$(MODULES) tests/web/$(MODULES) tests/bench/$(MODULES)
	@tests/bench/run $(BUILD)

install: build web
	@.ci/build $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX)
	DESTDIR="$(DESTDIR)" cmake --install $(BUILD) --prefix "$(PREFIX)"

clean:
	rm -rf $(BUILD) build-* web/dist
