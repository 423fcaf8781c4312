"""The parts of `benches/profile`."""
