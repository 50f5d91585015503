"""The SMPP door: customers' ESMEs bind here, submit, and get their answers after the commit."""
