"""``python -m allaprima`` is the command ``allaprima``."""

from allaprima.cli.main import main

if __name__ == "__main__":
    main()
