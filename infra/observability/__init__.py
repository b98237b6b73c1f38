"""Metrics for Prometheus, traces for OpenTelemetry."""
