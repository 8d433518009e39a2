import argparse
from pathlib import Path

from chat.routing.complexity import level_of, weights
from tests.complexity.fitting import Fit, cross_validated, fitted
from tests.complexity.prompts import HELD_OUT, TRAIN, Confusion, accuracy, confusion, table

WEIGHTS_FILE = Path(weights.__file__)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.complexity", description="Fit how complexity is scored.")
    parser.add_argument("--write", action="store_true", help="write the weights that were found")
    return parser.parse_args()


def told(heading: str, cells: Confusion) -> None:
    print(f"{heading}: {accuracy(cells):.1%} of {cells.total()}\n\n{table(cells)}\n")


def source(fit: Fit) -> str:
    """The module of weights as it would be with these."""
    heading = WEIGHTS_FILE.read_text(encoding="utf-8").split("BASE = ")[0]
    lines = [f'    "{name}": {weight},' for name, weight in fit.weights.items()]
    return "\n".join([f"{heading}BASE = {fit.base}", "WEIGHTS: Mapping[str, float] = {", *lines, "}", ""])


def main() -> None:
    chosen = options()
    fit = fitted(TRAIN)
    unseen = {prompt: level_of(points) for prompt, points in cross_validated(TRAIN)}
    print(source(fit))
    told("Trained on, fitted", confusion(TRAIN, lambda prompt: level_of(fit.points(prompt))))
    told("Trained on, each scored by weights that were fitted without it", confusion(TRAIN, unseen.__getitem__))
    told("Held out, fitted", confusion(HELD_OUT, lambda prompt: level_of(fit.points(prompt))))
    told("Held out, as committed", confusion(HELD_OUT))
    for language in sorted({prompt.language for prompt in HELD_OUT}):
        cells = confusion(prompt for prompt in HELD_OUT if prompt.language == language)
        print(f"{language}: {accuracy(cells):.1%} of {cells.total()}")
    if chosen.write:
        WEIGHTS_FILE.write_text(source(fit), encoding="utf-8")


if __name__ == "__main__":
    main()
