"""Where people sit: pages, API, admin, commands and wiring. Imports nothing, so that `manage.py up` can start without Django."""
