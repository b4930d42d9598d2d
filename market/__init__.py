"""Pure words of the trade: no Django, no clock, no network. Everything else speaks them."""
