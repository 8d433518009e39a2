"""The threads of local models: all who want vectors take turns."""

import threading

import pytest

from search.embeddings.threads import FairThreads


class Computing:
    """What one thread computes, in order; it begins once all callers wait."""

    def __init__(self) -> None:
        self.begin, self.order = threading.Event(), []
        self.threads = FairThreads(1)

    def __call__(self, text: str) -> str:
        self.begin.wait()
        self.order.append(text)
        if "bad" in text:
            raise ValueError(text)
        return text.upper()

    def asked_by_all(self, *callers: list[str]) -> list[list[str] | Exception]:
        """The answers to callers that came one after the other, while the thread was busy."""
        answers: list[list[str] | Exception] = [[] for _ in callers]

        def ask(at: int) -> None:
            try:
                answers[at] = self.threads.each(self, callers[at])
            except ValueError as error:
                answers[at] = error

        asking = []
        for at in range(len(callers)):
            asking.append(threading.Thread(target=ask, args=(at,)))
            asking[-1].start()
            while len(self.threads._batches) <= at:
                pass
        self.begin.set()
        for thread in asking:
            thread.join()
        return answers


def test_results_come_in_order_and_the_longest_input_is_computed_first():
    computing = Computing()
    computing.begin.set()
    assert computing.threads.each(computing, ["b", "ccc", "aa"]) == ["B", "CCC", "AA"]
    assert computing.order == ["ccc", "aa", "b"]
    assert computing.threads.each(computing, []) == []


def test_who_has_few_texts_is_soon_done_beside_two_who_have_many():
    computing = Computing()
    large = [[f"{name}{number}" for number in range(50)] for name in "ab"]
    answers = computing.asked_by_all(*large, ["x", "y"])
    assert answers == [[text.upper() for text in large[0]], [text.upper() for text in large[1]], ["X", "Y"]]
    # The first text was being computed when the others came.
    assert computing.order.index("y") < 8
    assert {text[0] for text in computing.order[-4:]} == {"a", "b"}


def test_a_failure_ends_only_the_call_that_it_belongs_to():
    computing = Computing()
    failed, fine = computing.asked_by_all(["bad one", "one", "two"], ["a", "b"])
    assert isinstance(failed, ValueError)
    assert fine == ["A", "B"]
    assert "two" not in computing.order


def test_all_threads_share_the_work():
    together = threading.Barrier(3)
    assert FairThreads(3).each(lambda text: together.wait() >= 0 and text, ["a", "b", "c"]) == ["a", "b", "c"]


@pytest.mark.parametrize("count", [1, 4])
def test_every_input_is_computed_once(count):
    computing = Computing()
    computing.begin.set()
    computing.threads = FairThreads(count)
    texts = [str(number) for number in range(200)]
    assert computing.threads.each(computing, texts) == texts
    assert sorted(computing.order) == sorted(texts)
