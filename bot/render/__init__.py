"""Values of `index` to what people read: pure functions."""
