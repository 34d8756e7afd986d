"""``python -m specframe`` is the command ``specframe``."""

from specframe.cli import main

main()
