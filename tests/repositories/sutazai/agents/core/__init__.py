"""What the agents share; mounted, and in no image."""
