"""Tools for operators: logs, metrics, traces, health, and the doctor."""
