# What a person types. The work is done in packaging/setup, which says one clear line when it cannot.
# Every path is relative: a clone works in any folder, also one with spaces in its name.

PREFIX = /opt/recond
BINDIR = /usr/local/bin
PY = .venv/bin/python
# of the tests: half as many again as cores, for they wait for disks and for each other too
WORKERS = $(shell echo $$((($$(nproc 2>/dev/null || echo 2) * 3 + 1) / 2)))

.PHONY: help demo quick test lab image-test lowest release lock install uninstall image clean
.NOTPARALLEL:

help:
	@packaging/setup help

demo:
	@packaging/setup venv run
	@$(PY) -m recond demo

# lint, form, types, the house and the catalogues: under a minute
quick:
	@packaging/setup venv test
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy
	@$(PY) -m pytest -n $(WORKERS) tests/test_*.py

test:
	@packaging/setup venv test
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m mypy
	@$(PY) -m pytest -n $(WORKERS)

# emulated computers with disks of every kind: some hours; needs the emulator's folder beside the project
lab:
	@packaging/setup venv test
	@packaging/setup lab -v tests/lab

# as root; boots the image of `make image` by each firmware: some hours. IMAGE=FILE takes another one
image-test:
	@packaging/setup venv test
	@IMAGE='$(IMAGE)' packaging/setup image_test -v tests/image/test_boots.py

# the oldest libraries that pyproject.toml allows, and the whole main job with them
lowest:
	@packaging/setup lowest

# what is published, in dist/ (docs/release.md): KEY=FILE.p12 TRUST=FILE.pem ARCH=amd64 IMAGE=no DRAFT=1
release:
	@packaging/setup venv run
	@KEY='$(KEY)' TRUST='$(TRUST)' IMAGE='$(IMAGE)' ARCH='$(ARCH)' DRAFT='$(DRAFT)' $(PY) packaging/release

# make lock UPGRADE=--upgrade takes newer versions
lock:
	@packaging/setup venv lock
	@.venv-lock/bin/python packaging/lock.py $(UPGRADE)

install:
	@PREFIX='$(PREFIX)' BINDIR='$(BINDIR)' packaging/setup install

uninstall:
	@PREFIX='$(PREFIX)' BINDIR='$(BINDIR)' packaging/setup uninstall

# as root; OUT=FOLDER puts it elsewhere than build/image (docs/image.md)
image:
	@packaging/image/build

clean:
	@packaging/setup clean
