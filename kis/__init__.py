"""The Korea Investment & Securities (KIS) Open API for US stocks: an async client, and KIS itself on localhost."""
