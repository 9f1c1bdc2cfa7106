"""Everything that runs on one machine: the environment, the embedded servers and the one command."""
