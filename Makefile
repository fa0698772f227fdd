# mx: `make help` lists the targets. Each of them first sees to it that what it
# needs is installed, so that `make test` alone passes on a fresh Debian 12.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PREFIX ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/.*text = "\(.*\)"/\1/p' Sources/MxCLI/Version.swift)
TOOLS := mx-ingest mx-compact mx-rollup mx-query mx-alert mx-render

# A crash must not start the back-trace printer, which can hang without a terminal.
export SWIFT_BACKTRACE := enable=no
# The walls between modules: an import that Package.swift does not list is an error.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
RELEASE_FLAGS := -c release $(SWIFT_FLAGS)
RELEASE := .build/release
# What people wrote in Swift.
SWIFT_FILES := Package.swift Sources Tests

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1: \2/p' Makefile

.PHONY: deps
deps: .deps-stamp ## install missing system libraries (apt-get)

# Made again when the list of packages changes; free otherwise.
.deps-stamp: .ci/deps
	@.ci/deps
	@touch $@

.PHONY: build
build: deps ## build everything for debugging
	swift build $(SWIFT_FLAGS)

.PHONY: test
test: deps ## build and run every test
	swift test --parallel $(SWIFT_FLAGS)
	@command -v python3 >/dev/null || { echo "browser tests: skipped: no python3 here"; exit 0; }; \
	  Tests/Browser/run.py "$$(swift build --show-bin-path)" || [ $$? -eq 77 ]

.PHONY: test-browser
test-browser: deps ## what readers do with pages, in Chromium (installs Debian's)
	.ci/browser-deps
	swift build $(SWIFT_FLAGS)
	Tests/Browser/run.py "$$(swift build --show-bin-path)"

.PHONY: test-package
test-package: tools ## install, uninstall, .deb and archive; FULL=1: also in a fresh Debian
	Tests/Package/run.sh $(RELEASE) $(if $(FULL),full)

.PHONY: test-fresh
test-fresh: ## make demo, then make test in a fresh Debian with nothing but Swift (root, half an hour)
	Tests/Package/fresh.sh

SOAK_DAYS ?= 30

.PHONY: soak
soak: tools ## jobs/crontab through SOAK_DAYS (30) of a fake clock, with all that goes wrong
	Tests/Soak/run.sh $(RELEASE) $(SOAK_DAYS)

# Heavy (pandas comes with it), so not part of `deps`: the tests say where it is missing.
.PHONY: clients
clients: ## install client libraries of others for the tests (PyPI, into .build)
	python3 -m venv .build/clients
	.build/clients/bin/pip install --quiet prometheus-api-client

.PHONY: check
check: deps ## format, walls between modules, the rules of the house
	swift format lint --strict --recursive $(SWIFT_FILES)
	swift build --build-tests $(SWIFT_FLAGS)
	swift test --skip-build --filter HouseTests $(SWIFT_FLAGS)

.PHONY: golden
golden: deps ## write what the commands print into their test scripts; read the diff
	MX_GOLDEN=write swift test --filter CommandTests $(SWIFT_FLAGS)
	git diff --stat -- Tests

.PHONY: tools
tools: deps ## build the tools, optimised and static
	swift build $(RELEASE_FLAGS)

.PHONY: demo
demo: tools ## show each tool at work
	jobs/demo.sh $(RELEASE)

.PHONY: bench
bench: tools ## measure everything that speed or size was promised for
	.ci/bench $(RELEASE) .build/bench

.PHONY: large
large: tools ## one store of 5 GB, made, merged, rolled up, asked, verified, copied (15 GB of room)
	.ci/large $(RELEASE) .build/large

FUZZ_SECONDS ?= 60

.PHONY: fuzz
fuzz: deps ## fuzz every parser, the gate and stores' files, FUZZ_SECONDS each (60)
	MX_FUZZ=1 swift build $(RELEASE_FLAGS) --scratch-path .build/fuzz --product mx-fuzz -Xswiftc -use-ld=lld
	.ci/fuzz .build/fuzz/release/mx-fuzz "$(FUZZ_SECONDS)"

.PHONY: man
man: tools ## write manual pages to .build/man
	@mkdir -p .build/man
	@for tool in $(TOOLS); do $(RELEASE)/$$tool --man > .build/man/$$tool.1; done
	@echo "manual pages are in .build/man"

.PHONY: install
install: tools ## install to PREFIX (default /usr/local) below DESTDIR
	.ci/install "$(RELEASE)" "$(DESTDIR)" "$(PREFIX)"

.PHONY: uninstall
uninstall: ## remove what install put there
	.ci/install --remove "$(DESTDIR)" "$(PREFIX)"

# The same sources and toolchain give the same bytes: sorted names, no owners,
# the date of the last commit.
.PHONY: release
release: tools ## a .tar.gz of what install puts below PREFIX
	@rm -rf .build/release-tree && mkdir -p .build/release-tree
	.ci/install "$(RELEASE)" ".build/release-tree" "/mx-$(VERSION)"
	cp README.md CHANGELOG.md LICENSE ".build/release-tree/mx-$(VERSION)/"
	tar -C .build/release-tree --sort=name --owner=0 --group=0 --numeric-owner \
	  --mtime="@$$(git log -1 --format=%ct)" -cf - "mx-$(VERSION)" | gzip -n9 > "mx-$(VERSION).tar.gz"
	@echo "mx-$(VERSION).tar.gz"

.PHONY: deb
deb: tools ## a Debian package of the same
	.ci/deb "$(RELEASE)" "$(VERSION)"

.PHONY: clean
clean: ## remove what was built
	rm -rf .build .deps-stamp mx-*.tar.gz mx_*.deb
