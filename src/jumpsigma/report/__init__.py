"""Writing results: findings in several formats, rejected input, and the summary of a scan."""

from jumpsigma.report.rejects import RejectWriter
from jumpsigma.report.sinks import FORMATS, Format, Sink, open_sink
from jumpsigma.report.summary import summary_text

__all__ = ["FORMATS", "Format", "RejectWriter", "Sink", "open_sink", "summary_text"]
