"""KIS itself, on localhost: REST, WebSocket and an exchange that fills.

Written from the protocol sheet alone. It shares no code with the client in `kis`, so that a
misreading of the sheet on one side is not mirrored on the other.
"""
