"""What the server and the tools share."""
