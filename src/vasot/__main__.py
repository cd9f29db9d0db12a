"""Run the command line as ``python -m vasot``."""

from __future__ import annotations

from vasot.cli.main import main

if __name__ == "__main__":
    main()
