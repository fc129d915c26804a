"""IR to Python source: the generated matcher, for this process or as a file of its own."""

from jumpsigma.codegen.module import GeneratedModule, generate

__all__ = ["GeneratedModule", "generate"]
