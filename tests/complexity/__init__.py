"""The prompts by which complexity is scored: labelled by hand, in ten languages, a third of them held out.

    python -m tests.complexity              how well the committed weights do, and what fitting finds
    python -m tests.complexity --write      the same, and write the weights that were found

Labels: simple is a fact, a greeting, a small edit or calculation; moderate an explanation, a summary, an e-mail, a
short piece of code; complex has several steps of thought, a design, a comparison, a proof, a plan, a fault to find,
or several documents to weigh. `split` was decided by position before anything was fitted, and does not change.
"""
