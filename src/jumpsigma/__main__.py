"""``python -m jumpsigma`` is the command ``jumpsigma``."""

from jumpsigma.cli import main

if __name__ == "__main__":
    main()
