datacenter = "sutazai"
log_level = "INFO"
