"""How fast jumpsigma is: ``make bench``, or ``python -m benchmarks --help``."""
