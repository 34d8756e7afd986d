"""Find plugins, record their problems, and resolve a name to a component."""

from specframe.registry.record import PluginRecord, Registered, Status
from specframe.registry.registry import Registry
from specframe.registry.source import import_file

__all__ = ["PluginRecord", "Registered", "Registry", "Status", "import_file"]
