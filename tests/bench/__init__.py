"""Measures what the product costs on the way from a question to its answer, and prints one table.

    make bench                          everything, about three minutes
    make bench ARGS="--only first_token"    one figure; see figures.py for their names

One run starts the tests' own language model server and the product as people start it, and asks both: the product
as its page does, and the server straight. Times on a busy machine are worth little: the last line says how busy it was.
"""
