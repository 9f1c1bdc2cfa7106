"""The mission, told as tests."""
