"""Tags of tokens: schemes, spans, and which of them are wrong."""
