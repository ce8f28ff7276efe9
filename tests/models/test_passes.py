from dataclasses import dataclass, field

import pytest

from swope.models.passes import best_of_passes


@dataclass
class Counter:
    """Stands for a model: its only weight is the number of passes that it learnt from."""

    passes: int = 0
    resets: int = 0
    told: list[str] = field(default_factory=list)

    def get_weights(self) -> list[int]:
        return [self.passes]

    def set_weights(self, weights: list[int]) -> None:
        (self.passes,) = weights

    def reset_metrics(self) -> None:
        self.resets += 1

    def teach(self, number: int) -> list[float]:
        assert number == self.passes
        self.passes += 1
        return [1.0, 2.0]


def trained(losses: list[float], patience: int) -> Counter:
    model = Counter()
    best_of_passes(model, len(losses), patience, model.teach, lambda: losses[model.passes - 1], model.told.append)
    return model


@pytest.mark.parametrize(
    ("losses", "patience", "best", "made"),
    [
        ([5.0, 4.0, 3.0], 1, 3, 3),
        ([5.0, 3.0, 4.0, 4.0, 1.0], 2, 2, 4),  # what would come later is not waited for
        ([5.0, 4.0, 4.5, 3.0, 3.5], 2, 4, 5),
        ([5.0, 4.99995, 4.9999], 2, 1, 3),  # no gain to speak of
        ([float("nan"), float("nan"), 1.0], 2, 0, 2),  # nothing was learnt: the weights from before
    ],
)
def test_the_weights_are_those_of_the_best_pass(losses: list[float], patience: int, best: int, made: int) -> None:
    model = trained(losses, patience)
    assert model.passes == best
    assert model.resets == len(model.told) == made


def test_each_pass_tells_a_line() -> None:
    assert trained([0.5, 0.25], 3).told[1] == "pass 2 of 2: loss 1.5000, on stars kept apart 0.2500"
