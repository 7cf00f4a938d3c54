"""`python -m hf_abc.cli`: the command `hf-abc`, for launchers that want a module."""

import sys

from hf_abc.cli import main

if __name__ == "__main__":
    sys.exit(main())
