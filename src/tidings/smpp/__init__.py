"""SMPP 3.4 without a socket: PDUs, their octets, sessions, receipts and statuses, all pure."""
