"""What operators see: logs, metrics, traces, health, and the doctor."""
