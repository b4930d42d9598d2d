from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from orders.owning import give_up_what_is_gone
        from orders.rescale import rescale_rules
        from positions import owners

        owners.follow(rescale=rescale_rules, lower=give_up_what_is_gone)
