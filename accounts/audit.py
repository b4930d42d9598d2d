"""What people change is in the audit log; what bots write every second is not, and secrets never."""

from auditlog.registry import auditlog

from accounts.models import AccountShare, ApiToken, BrokerageAccount, HouseLimits, RiskLimits, User


def register() -> None:
    """Called once, when the apps are ready."""
    auditlog.register(User, exclude_fields=["password", "last_login"])
    auditlog.register(
        BrokerageAccount, exclude_fields=["health_status", "health_reason", "last_heartbeat", "updated_at"]
    )
    auditlog.register(AccountShare)
    auditlog.register(RiskLimits, exclude_fields=["updated_at"])
    auditlog.register(HouseLimits, exclude_fields=["updated_at"])
    auditlog.register(ApiToken, exclude_fields=["token_hash", "last_used_at"])
