"""Detect: wrong labels, the target's shift, drift; `stage.py` is the task, its steps lie beside it."""
