"""EventBridge: rules whose targets get the events that match."""
