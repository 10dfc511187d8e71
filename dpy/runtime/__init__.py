"""What generated code calls while it runs: accumulators, dispatch on types, tape regions."""
