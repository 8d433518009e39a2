"""Pure: the wire formats of model providers that we speak ourselves, one module per format.

Each format module has a `Decoder` (bytes in, events out) and a `build` (a request in; path, headers and body out).
Nothing here opens a connection, reads a clock or writes a log: the driver does.
"""
