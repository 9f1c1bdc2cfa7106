from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = "Agent Desk"

    def ready(self) -> None:
        from desk import checks  # noqa: F401
