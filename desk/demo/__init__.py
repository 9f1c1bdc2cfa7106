"""A month of a desk, played through the real actions and the clock at past instants; it can be taken out whole."""
