"""The demo: made-up customers, a month of their traffic, and what the service makes of it."""
