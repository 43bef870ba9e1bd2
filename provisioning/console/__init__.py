"""The technician's menu on a serial line."""
