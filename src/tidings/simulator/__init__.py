"""The built-in carrier network: an SMSC on TCP, handsets, and faults by number or by switch."""
