"""`.kis.yaml` 1.0, the strategy file of KIS's official builder and backtester, in and out. Pure."""

from rules.kis_yaml.errors import KisYamlError, NotExpressible, Reason
from rules.kis_yaml.reading import read
from rules.kis_yaml.strategy import Imported, Note, ParamSpec, Severity, Stops, Strategy
from rules.kis_yaml.writing import PROFILES, Profile, write

__all__ = [
    "PROFILES",
    "Imported",
    "KisYamlError",
    "NotExpressible",
    "Note",
    "ParamSpec",
    "Profile",
    "Reason",
    "Severity",
    "Stops",
    "Strategy",
    "read",
    "write",
]
