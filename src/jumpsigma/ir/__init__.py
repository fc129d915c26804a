"""The intermediate representation of rules: frozen nodes (:mod:`jumpsigma.ir.nodes`)."""
