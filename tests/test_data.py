"""Datasets, samplers and the loader: what they yield, the same order as PyTorch, and workers that leave."""

from __future__ import annotations

import gc
import threading
import time
from collections import OrderedDict, UserDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_lite as tg
from tinygrad_lite.utils import data
from tinygrad_lite.utils.data import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
)

Point = namedtuple("Point", ["x", "y"])
Two = tuple[ModuleType, ModuleType]


class Numbers(Dataset[int]):
    """Sample k is k, after whatever `before` does."""

    def __init__(self, n: int, before: Callable[[int], Any] = lambda index: None) -> None:
        self.n, self.before = n, before

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> int:
        self.before(index)
        return index


class Stream(IterableDataset[int]):
    """0 .. n-1, dealt out to the workers."""

    def __init__(self, n: int, split: bool = True) -> None:
        self.n, self.split = n, split

    def __iter__(self) -> Iterator[int]:
        worker = get_worker_info() if self.split else None
        return iter(range(worker.id, self.n, worker.num_workers) if worker else range(self.n))


def lists(loader: Any) -> list[Any]:
    """What a loader over single tensors yields, as lists."""
    return [batch.tolist() for batch in loader]


def worker_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("DataLoader worker")]


def plain(value: Any) -> Any:
    """A batch with its tensors as (dtype, lists), to compare between the two packages."""
    if hasattr(value, "requires_grad"):
        return str(value.dtype).split(".")[-1], value.tolist()
    if isinstance(value, tuple | list):
        return type(value).__name__, [plain(item) for item in value]
    if hasattr(value, "items"):
        return type(value).__name__, {key: plain(item) for key, item in value.items()}
    return value


@pytest.fixture
def packages() -> Iterator[tuple[Two, Two]]:
    """Both packages with their `utils.data`, seeded alike; at the end the default generators agree."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0), tg.manual_seed(0)
    yield (tg, data), (torch, torch.utils.data)
    assert tg.rand(1).item() == torch.rand(1).item()


def assert_same(packages: tuple[Two, Two], run: Callable[[Any, Any], Any]) -> None:
    ours, theirs = (plain(run(*package)) for package in packages)
    assert ours == theirs


# the same order as PyTorch


@pytest.mark.parametrize(
    ("n", "batch_size", "drop_last"), [(1, 1, False), (10, 3, False), (10, 3, True), (700, 64, False)]
)
@pytest.mark.parametrize("seed", [None, 7])
def test_shuffled_epochs(packages: Any, n: int, batch_size: int, drop_last: bool, seed: int | None) -> None:
    def run(t: Any, d: Any) -> Any:
        generator = None if seed is None else t.Generator().manual_seed(seed)
        dataset = d.TensorDataset(t.arange(n), t.arange(n) / 2)
        loader = d.DataLoader(dataset, batch_size, shuffle=True, drop_last=drop_last, generator=generator)
        return [list(loader) for _ in range(3)], t.rand(2)

    assert_same(packages, run)


def test_a_long_permutation(packages: Any) -> None:
    assert_same(packages, lambda t, d: list(d.RandomSampler(range(60_000))))


def test_numbers_drawn_between_the_batches_stay_in_step(packages: Any) -> None:
    def run(t: Any, d: Any) -> Any:
        loader = d.DataLoader(range(9), 2, shuffle=True)
        return [(x, t.rand(3)) for _ in range(2) for x in loader]

    assert_same(packages, run)


@pytest.mark.filterwarnings("ignore")  # what PyTorch says about its processes
def test_workers_draw_what_they_draw_in_pytorch(packages: Any) -> None:
    def run(t: Any, d: Any) -> Any:
        class Noisy(d.Dataset):
            def __len__(self) -> int:
                return 7

            def __getitem__(self, index: int) -> Any:
                return index, t.rand(2), t.randn(1), d.get_worker_info().seed

        loader = d.DataLoader(Noisy(), 2, shuffle=True, num_workers=2, persistent_workers=True)
        return [list(loader) for _ in range(2)]

    assert_same(packages, run)


@pytest.mark.filterwarnings("ignore")  # what PyTorch says about its processes
def test_a_sampler_that_draws_at_once(packages: Any) -> None:
    def run(t: Any, d: Any) -> Any:
        class Eager(d.Sampler):
            def __iter__(self) -> Any:
                return iter(t.randperm(6).split(2))

        return [list(d.DataLoader(range(6), batch_sampler=Eager(), num_workers=n)) for n in (0, 1)]

    assert_same(packages, run)


@pytest.mark.parametrize("options", [
    {}, {"replacement": True}, {"num_samples": 25}, {"num_samples": 4}, {"replacement": True, "num_samples": 70},
    {"replacement": True, "num_samples": 64},
])  # fmt: skip
def test_random_sampler(packages: Any, options: dict[str, Any]) -> None:
    def run(t: Any, d: Any) -> Any:
        generator = t.Generator().manual_seed(3)
        samplers = d.RandomSampler(range(10), **options), d.RandomSampler(range(10), generator=generator, **options)
        begun = iter(d.RandomSampler(range(10), generator=generator, **options))
        return [list(s) for s in samplers for _ in range(2)], next(begun), t.rand(1, generator=generator)

    assert_same(packages, run)


def test_subset_random_sampler_and_split(packages: Any) -> None:
    def run(t: Any, d: Any) -> Any:
        g = t.Generator().manual_seed(42)
        splits = d.random_split(range(10), [3, 7]), d.random_split(range(31), [0.3, 0.3, 0.4], generator=g)
        subset = d.SubsetRandomSampler([5, 8, 2, 9]), d.SubsetRandomSampler([5, 8, 2], generator=g)
        return [list(part) for parts in splits for part in parts], [list(s) for s in subset]

    assert_same(packages, run)


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("seed", range(5))
def test_weighted_random_sampler(packages: Any, replacement: bool, count: int, seed: int) -> None:
    weights = np.random.default_rng(seed).random(60) ** 4
    weights[3] = 0

    def run(t: Any, d: Any) -> Any:
        g = t.Generator().manual_seed(seed)
        return [list(d.WeightedRandomSampler(weights, count, replacement, generator=x)) for x in (None, g)]

    assert_same(packages, run)


SAMPLES: dict[str, Callable[[Any, int], Any]] = {
    "tensor": lambda t, k: t.tensor([k, 0.5]),
    "tensor without dimensions": lambda t, k: t.tensor(k),
    "array": lambda t, k: np.full((2, 2), k, np.int32),
    "numpy number": lambda t, k: np.float32(k),
    "numpy float64": lambda t, k: np.float64(k),
    "numpy bool": lambda t, k: np.bool_(k),
    "float": lambda t, k: k / 4,
    "int": lambda t, k: k,
    "bool": lambda t, k: k > 1,
    "str": lambda t, k: "ab"[k % 2],
    "bytes": lambda t, k: b"ab",
    "dict": lambda t, k: {"x": k, "y": t.tensor([k])},
    "ordered dict": lambda t, k: OrderedDict(b=k, a=k),
    "default dict": lambda t, k: defaultdict(int, x=k),
    "user dict": lambda t, k: UserDict(x=k),
    "named tuple": lambda t, k: Point(k, "a"),
    "tuple": lambda t, k: (k, t.tensor([k]), "a"),
    "list": lambda t, k: [k, [k, np.array([k])]],
    "range": lambda t, k: range(k, k + 2),
    "empty tuple": lambda t, k: (),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_collate_and_convert(packages: Any, kind: str) -> None:
    def run(t: Any, d: Any) -> Any:
        samples = [SAMPLES[kind](t, k) for k in range(3)]
        return d.default_collate(samples), d.default_convert(samples), d.default_convert(samples[1])

    assert_same(packages, run)


ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "batch size 0": lambda t, d: d.DataLoader(range(3), 0),
    "batch size bool": lambda t, d: d.BatchSampler(range(3), True, False),
    "drop_last int": lambda t, d: d.BatchSampler(range(3), 1, 1),
    "workers < 0": lambda t, d: d.DataLoader(range(3), num_workers=-1),
    "timeout < 0": lambda t, d: d.DataLoader(range(3), timeout=-1),
    "timeout without workers": lambda t, d: list(d.DataLoader(range(3), timeout=1)),
    "prefetch without workers": lambda t, d: d.DataLoader(range(3), prefetch_factor=2),
    "prefetch < 0": lambda t, d: d.DataLoader(range(3), num_workers=1, prefetch_factor=-1),
    "persistent without workers": lambda t, d: d.DataLoader(range(3), persistent_workers=True),
    "context without workers": lambda t, d: d.DataLoader(range(3), multiprocessing_context="spawn"),
    "sampler and shuffle": lambda t, d: d.DataLoader(range(3), shuffle=True, sampler=[1]),
    "batch_sampler and batch_size": lambda t, d: d.DataLoader(range(3), 2, batch_sampler=[[1]]),
    "batch_sampler and drop_last": lambda t, d: d.DataLoader(range(3), batch_sampler=[[1]], drop_last=True),
    "no batches, drop_last": lambda t, d: d.DataLoader(range(3), batch_size=None, drop_last=True),
    "shuffle nothing": lambda t, d: d.DataLoader([], shuffle=True),
    "assign batch_size": lambda t, d: setattr(d.DataLoader(range(3)), "batch_size", 2),
    "assign dataset": lambda t, d: setattr(d.DataLoader(range(3)), "dataset", range(2)),
    "shuffle a stream": lambda t, d: d.DataLoader(d.ChainDataset([]), shuffle=True),
    "sampler of a stream": lambda t, d: d.DataLoader(d.ChainDataset([]), sampler=[1]),
    "batch_sampler of a stream": lambda t, d: d.DataLoader(d.ChainDataset([]), batch_sampler=[[1]]),
    "no __iter__": lambda t, d: type("Bare", (d.IterableDataset,), {})(),
    "no __getitem__": lambda t, d: d.Dataset()[0],
    "no sampler __iter__": lambda t, d: iter(d.Sampler()),
    "no length": lambda t, d: len(d.DataLoader(range(3), sampler=iter([1]))),
    "replacement int": lambda t, d: d.RandomSampler(range(3), replacement=1),
    "num_samples 0": lambda t, d: d.RandomSampler(range(3), num_samples=0),
    "num_samples float": lambda t, d: d.RandomSampler(range(3), num_samples=2.0),
    "weights, num_samples": lambda t, d: d.WeightedRandomSampler([1.0], True),
    "weights, replacement": lambda t, d: d.WeightedRandomSampler([1.0], 1, replacement=1),
    "weights 2-d": lambda t, d: d.WeightedRandomSampler([[1.0]], 1),
    "weights too few": lambda t, d: list(d.WeightedRandomSampler([1.0], 2, False)),
    "weights negative": lambda t, d: list(d.WeightedRandomSampler([1.0, -1.0], 2)),
    "weights nan": lambda t, d: list(d.WeightedRandomSampler([1.0, float("nan")], 2)),
    "weights zero": lambda t, d: list(d.WeightedRandomSampler([0.0, 0.0], 2)),
    "tensors of two lengths": lambda t, d: d.TensorDataset(t.zeros(2), t.zeros(3)),
    "tensor without dimensions": lambda t, d: d.TensorDataset(t.tensor(1)),
    "no tensor": lambda t, d: d.TensorDataset(np.zeros(2)),
    "index too large": lambda t, d: list(d.DataLoader(d.TensorDataset(t.zeros(3)), sampler=[3])),
    "second index too large": lambda t, d: list(d.DataLoader(d.TensorDataset(t.zeros(3)), 2, sampler=[2, 3])),
    "key that is no index": lambda t, d: list(d.DataLoader(d.TensorDataset(t.zeros(3)), sampler=[0.5])),
    "empty batch": lambda t, d: list(d.DataLoader(d.TensorDataset(t.zeros(3)), batch_sampler=[[]])),
    "concat nothing": lambda t, d: d.ConcatDataset([]),
    "concat a stream": lambda t, d: d.ConcatDataset([d.ChainDataset([])]),
    "concat before the start": lambda t, d: d.ConcatDataset(["ab", "c"])[-4],
    "concat after the end": lambda t, d: d.ConcatDataset(["ab", "c"])[3],
    "chain no stream": lambda t, d: list(d.ChainDataset([[1]])),
    "stack nothing": lambda t, d: d.StackDataset(),
    "stack both": lambda t, d: d.StackDataset([1], x=[1]),
    "stack two lengths": lambda t, d: d.StackDataset(x=[1], y=[1, 2]),
    "half a subset": lambda t, d: type("Half", (d.Subset,), {"__getitem__": lambda s, i: i})([1], [0]),
    "split, wrong sum": lambda t, d: d.random_split(range(10), [3, 6]),
    "split, negative": lambda t, d: d.random_split(range(10), [1.5, -0.5]),
    "collate None": lambda t, d: d.default_collate([None]),
    "collate text array": lambda t, d: d.default_collate([np.array(["a"])]),
    "collate two shapes": lambda t, d: d.default_collate([t.zeros(2), t.zeros(3)]),
    "collate two lengths": lambda t, d: d.default_collate([[1], [1, 2]]),
    "collate missing key": lambda t, d: d.default_collate([{"a": 1}, {"b": 1}]),
    "collate set": lambda t, d: d.default_collate([{1}, {2}]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_of_the_same_type(packages: Any, case: str) -> None:
    kinds = []
    for package in packages:
        with pytest.raises(Exception) as caught:
            ERRORS[case](*package)
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]


# datasets and samplers


def test_stacked_and_chained_datasets() -> None:
    tensors = TensorDataset(tg.arange(4))
    pairs, named = StackDataset(tensors, "abcd"), StackDataset(x=tensors, y="abcd")
    assert pairs[1][1] == "b" and len(pairs) == 4
    assert [s[1] for s in pairs.__getitems__([2, 0])] == ["c", "a"]
    assert plain(next(iter(DataLoader(pairs, 2)))) == plain([[tg.tensor([0, 1])], ("a", "b")])
    assert plain(next(iter(DataLoader(named, 2)))) == plain({"x": [tg.tensor([0, 1])], "y": ["a", "b"]})
    both = tensors + TensorDataset(tg.arange(4, 6))
    assert isinstance(both, ConcatDataset) and [both[k][0].item() for k in (0, 3, 4, -1)] == [0, 3, 4, 5]
    assert both.cumulative_sizes == [4, 6]
    chained = Stream(2) + Stream(3)
    assert list(chained) == [0, 1, 0, 1, 2]


def test_a_nested_dataset_of_the_wrong_length_is_named() -> None:
    class Short(Numbers):
        def __getitems__(self, indices: list[int]) -> list[int]:
            return [1]

    with pytest.raises(ValueError, match=r"Expected 2, got 1 from Short"):
        StackDataset(Short(3)).__getitems__([0, 1])


def test_split_warns_of_an_empty_part() -> None:
    with pytest.warns(UserWarning, match="Length of split at index 2 is 0"):
        parts = random_split(range(2), [0.5, 0.5, 0.0])
    assert [len(part) for part in parts] == [1, 1, 0]


@given(st.integers(1, 60), st.integers(1, 20), st.booleans(), st.booleans(), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_every_sample_comes_once(n: int, size: int, drop_last: bool, shuffle: bool, workers: int) -> None:
    dataset = TensorDataset(tg.arange(n))
    loader = DataLoader(dataset, size, shuffle, drop_last=drop_last, num_workers=workers)
    batches = [x.tolist() for (x,) in loader]
    assert len(batches) == len(loader) == (n // size if drop_last else -(-n // size))
    assert all(len(batch) == size for batch in batches[: n // size])
    seen = [k for batch in batches for k in batch]
    assert len(set(seen)) == len(seen) == (n - n % size if drop_last else n)
    assert shuffle or seen == list(range(len(seen)))


@given(st.lists(st.integers(-9, 8), min_size=1, max_size=6), st.booleans())
def test_a_batch_read_in_one_go_equals_its_samples(indices: list[int], run: bool) -> None:
    if run:
        indices = list(range(abs(indices[0]) % 9, 9))
    base = np.random.default_rng(0).random((9, 3, 2))
    tensors = tg.tensor(base), tg.tensor(base).transpose(0, 1).reshape(9, -1), tg.arange(9), tg.arange(9) > 3
    dataset = TensorDataset(*tensors)
    fast = default_collate(dataset.__getitems__(indices))
    slow = default_collate([dataset[k] for k in indices])
    assert plain(fast) == plain(slow)
    assert all(a.is_contiguous() and a.shape == b.shape for a, b in zip(fast, slow, strict=True))
    assert plain(default_collate(Subset(dataset, [8, *range(8)]).__getitems__([1, 0]))) == plain(
        default_collate([dataset[0], dataset[8]])
    )


@pytest.mark.parametrize("shuffle", [False, True])
def test_writing_into_a_batch_leaves_the_dataset_alone(shuffle: bool) -> None:
    x = tg.arange(6)
    for (batch,) in DataLoader(TensorDataset(x), 4, shuffle):
        batch.zero_()
    assert x.tolist() == [0, 1, 2, 3, 4, 5]


def test_tensors_that_require_grad_are_batched_with_their_history() -> None:
    w = tg.ones(4, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(w), 3):
        (batch * 2).sum().backward()
    assert w.grad.tolist() == [2, 2, 2, 2]


def test_samples_of_a_subclass_of_tensor_dataset_are_its_own() -> None:
    class Doubled(TensorDataset):
        def __getitem__(self, index: Any) -> Any:
            return tuple(2 * x for x in super().__getitem__(index))

    assert [x.tolist() for (x,) in DataLoader(Doubled(tg.arange(3)), 2)] == [[0, 2], [4]]


def test_a_collate_fn_gets_a_list_of_samples() -> None:
    seen = []
    dataset = Subset(TensorDataset(tg.arange(4), tg.arange(4)), [3, 1])
    assert list(DataLoader(dataset, 2, collate_fn=seen.append)) == [None]
    assert type(seen[0]) is list and plain(seen[0][0]) == plain((tg.tensor(3), tg.tensor(3)))


def test_indices_may_be_of_any_kind() -> None:
    dataset = TensorDataset(tg.arange(5))
    for batch in (np.array([3, 1]), tg.tensor([3, 1]), (3, 1), [tg.tensor(3), np.int32(1)]):
        assert plain(list(DataLoader(dataset, batch_sampler=[batch]))) == plain([[tg.tensor([3, 1])]])
    assert lists(DataLoader({"a": 1, "b": 2}, 2, sampler=["b", "a"])) == [[2, 1]]


def test_samplers_follow_a_dataset_that_grows() -> None:
    items = [1, 2]
    sampler, loader = RandomSampler(items), DataLoader(items, 2)
    items.append(3)
    assert sorted(sampler) == [0, 1, 2] and len(sampler) == 3
    assert lists(loader) == [[1, 2], [3]] and len(loader) == 2


def test_samplers_have_lengths() -> None:
    assert len(BatchSampler(range(5), 2, True)) == 2 and len(BatchSampler(range(5), 2, False)) == 3
    assert len(SubsetRandomSampler([4, 2])) == 2 and len(WeightedRandomSampler([1, 1], 5)) == 5


def test_weights_decide_how_often_an_index_is_drawn() -> None:
    tg.manual_seed(0)
    drawn = list(WeightedRandomSampler([1, 0, 3], 4000))
    assert drawn.count(1) == 0 and abs(drawn.count(2) - 3000) < 150
    assert sorted(WeightedRandomSampler([1, 2, 3], 3, replacement=False)) == [0, 1, 2]


def test_without_batches_samples_come_as_they_are() -> None:
    loader = DataLoader([np.array([1]), "a", (1, np.array(2.5))], batch_size=None)
    assert plain(list(loader)) == plain([tg.tensor([1]), "a", [1, tg.tensor(2.5, dtype=tg.float64)]])
    assert len(loader) == 3
    assert list(DataLoader(Stream(3), batch_size=None, num_workers=2)) == [0, 1, 2]


def test_collated_mappings_and_sequences_keep_their_kind() -> None:
    class Row(NamedTuple):
        x: int

    class Tagged(list[int]):
        tag = "t"

    rows = default_collate([Row(1), Row(2)])
    assert isinstance(rows, Row) and rows.x.tolist() == [1, 2]
    tagged = default_collate([Tagged([1, 2])] * 2)
    assert isinstance(tagged, Tagged) and tagged[1].tolist() == [2, 2]
    counts = default_collate([defaultdict(list, a=1)])
    assert counts["new"] == []
    array = np.zeros(2)
    converted = default_convert(array)
    array[0] = 1
    assert converted.tolist() == [1, 0]


def test_a_stream_gives_batches_until_it_ends() -> None:
    assert lists(DataLoader(Stream(5), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(Stream(5), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert lists(DataLoader(Stream(4), 2)) == [[0, 1], [2, 3]]
    assert lists(DataLoader(Stream(0), 2)) == []


def test_a_stream_longer_than_it_said_warns() -> None:
    class Sized(Stream):
        def __len__(self) -> int:
            return 2

    loader = DataLoader(Sized(3), batch_size=None)
    assert len(loader) == 2 and len(DataLoader(Sized(3), 2)) == 1
    with pytest.warns(UserWarning, match=r"was reported to be 2 .* but 3 samples have been fetched"):
        assert list(loader) == [0, 1, 2]


# workers


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_batches_come_in_order_however_long_they_take(workers: int) -> None:
    dataset = Numbers(12, lambda index: time.sleep(0.004 * (index % 3 == 0)))
    loader = DataLoader(dataset, 2, num_workers=workers)
    assert lists(loader) == [[k, k + 1] for k in range(0, 12, 2)]
    assert not worker_threads()


def test_workers_read_at_the_same_time() -> None:
    everyone = threading.Barrier(3, timeout=5)
    assert lists(DataLoader(Numbers(6, lambda index: everyone.wait()), num_workers=3)) == [[k] for k in range(6)]


@pytest.mark.parametrize(("workers", "prefetch"), [(1, 1), (2, None), (2, 3)])
def test_no_more_batches_are_read_ahead_than_asked(workers: int, prefetch: int | None) -> None:
    begun: list[int] = []
    limit = workers * (prefetch or 2)
    iterator = iter(DataLoader(Numbers(30, begun.append), num_workers=workers, prefetch_factor=prefetch))
    for taken in range(4):
        deadline = time.monotonic() + 5
        while len(begun) < taken + limit and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.01)
        assert len(begun) == taken + limit
        next(iterator)


def fail_at(place: int, error: BaseException) -> Callable[[int], None]:
    def before(index: int) -> None:
        if index == place:
            raise error

    return before


def test_an_error_in_a_worker_reaches_the_loop_with_its_traceback() -> None:
    iterator = iter(DataLoader(Numbers(6, fail_at(2, ValueError("bad sample"))), num_workers=2))
    assert [next(iterator).item(), next(iterator).item()] == [0, 1]
    with pytest.raises(ValueError) as caught:
        next(iterator)
    message = str(caught.value)
    assert message.startswith("Caught ValueError in DataLoader worker process 0.\nOriginal Traceback (most recent")
    assert "in before" in message and message.rstrip().endswith("ValueError: bad sample")
    assert lists(iterator) == [[3], [4], [5]]  # the loop may go on, as in PyTorch


def test_errors_that_cannot_be_made_from_a_message() -> None:
    class Picky(Exception):
        def __init__(self, a: int, b: int) -> None:
            super().__init__(a, b)

    for error, kind in ((Picky(1, 2), RuntimeError), (SystemExit(3), RuntimeError), (KeyError("k"), KeyError)):
        with pytest.raises(kind) as caught:
            list(DataLoader(Numbers(1, fail_at(0, error)), num_workers=1))
        assert "process 0.\nOriginal Traceback" in str(caught.value)


def test_an_error_in_worker_init_fn_or_the_sampler_reaches_the_loop() -> None:
    def init(worker_id: int) -> None:
        raise OSError("no file")

    with pytest.raises(OSError, match="Caught OSError in DataLoader worker process 0"):
        list(DataLoader(range(3), num_workers=1, worker_init_fn=init))
    with pytest.raises(ZeroDivisionError):
        list(DataLoader(range(3), sampler=(1 // k for k in (1, 0)), num_workers=1))
    gc.collect()
    assert not worker_threads()


def test_an_abandoned_epoch_leaves_no_thread() -> None:
    gc.disable()  # nothing may hang on a reference cycle
    try:
        loader = DataLoader(Numbers(100, lambda index: time.sleep(0.002)), num_workers=3)
        for _ in loader:
            assert len(worker_threads()) == 3
            break
        assert not worker_threads()
        iterator = iter(DataLoader(Numbers(9, fail_at(1, ValueError())), num_workers=2))
        with pytest.raises(ValueError):
            list(iterator)
        del iterator
        assert not worker_threads()
        loader = DataLoader(Numbers(9), num_workers=2, persistent_workers=True)
        list(loader)
        assert len(worker_threads()) == 2
        del loader
        assert not worker_threads()
    finally:
        gc.enable()


def test_an_iterator_in_a_reference_cycle_ends_its_workers_when_collected() -> None:
    holder: dict[str, Any] = {"iterator": iter(DataLoader(Numbers(9), num_workers=2))}
    holder["self"] = holder
    del holder
    gc.collect()
    assert not worker_threads()


def test_an_exhausted_iterator_stays_so() -> None:
    iterator = iter(DataLoader(range(2), num_workers=2))
    assert lists(iterator) == [[0], [1]] and not worker_threads()
    assert next(iterator, None) is None


def test_waiting_longer_than_the_timeout_is_an_error() -> None:
    release = threading.Event()
    dataset = Numbers(4, lambda index: release.wait(5) if index == 2 else None)
    iterator = iter(DataLoader(dataset, num_workers=1, timeout=0.05))
    assert [next(iterator).item(), next(iterator).item()] == [0, 1]
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0.05 seconds"):
        next(iterator)
    release.set()
    assert lists(iterator) == [[2], [3]]


def test_a_timeout_error_of_the_dataset_is_not_mistaken_for_the_loaders() -> None:
    with pytest.raises(TimeoutError, match="Caught TimeoutError in DataLoader worker process 0"):
        list(DataLoader(Numbers(1, fail_at(0, TimeoutError("slow disk"))), num_workers=1, timeout=5))


def test_workers_know_who_they_are() -> None:
    started: list[int] = []

    class Asks(Numbers):
        def __getitem__(self, index: int) -> Any:
            info = get_worker_info()
            assert info is not None and info.num_workers == 2 and info.dataset is self
            return info.id, info.seed

    tg.manual_seed(0)
    loader = DataLoader(Asks(4), batch_size=None, num_workers=2, worker_init_fn=started.append)
    (id0, seed0), (id1, seed1), *_ = loader
    assert (id0, id1) == (0, 1) and seed1 == seed0 + 1 and sorted(started) == [0, 1]
    assert get_worker_info() is None


def test_random_numbers_of_a_worker_are_its_own() -> None:
    class Noisy(Numbers):
        def __getitem__(self, index: int) -> Any:
            time.sleep(0.001 * (index % 2))
            return tg.rand(1)

    def epoch() -> list[Any]:
        tg.manual_seed(5)
        return [(x.item(), tg.rand(1).item()) for x in DataLoader(Noisy(8), num_workers=3)]

    assert epoch() == epoch()


def test_worker_init_fn_may_change_the_dataset_of_each_worker() -> None:
    def take_part(worker_id: int) -> None:
        info = get_worker_info()
        assert info is not None
        info.dataset.start, info.dataset.stop = 3 * worker_id, 3 * worker_id + 3

    class Range(IterableDataset[int]):
        start, stop = 0, 6

        def __iter__(self) -> Iterator[int]:
            return iter(range(self.start, self.stop))

    dataset = Range()
    loader = DataLoader(dataset, 2, num_workers=2, worker_init_fn=take_part)
    assert lists(loader) == [[0, 1], [3, 4], [2], [5]]
    assert dataset.start == 0


@pytest.mark.parametrize("persistent", [False, True])
def test_streams_dealt_out_to_workers(persistent: bool) -> None:
    loader = DataLoader(Stream(7), 2, num_workers=3, persistent_workers=persistent)
    for _ in range(2):
        assert lists(loader) == [[0, 3], [1, 4], [2, 5], [6]]
    whole = DataLoader(Stream(3, split=False), 2, num_workers=2, persistent_workers=persistent)
    assert lists(whole) == [[0, 1], [0, 1], [2], [2]]
    assert lists(DataLoader(Stream(2), 2, num_workers=4)) == [[0], [1]]


def test_persistent_workers_serve_epoch_after_epoch() -> None:
    started: list[int] = []
    loader = DataLoader(Numbers(6), 2, num_workers=2, persistent_workers=True, worker_init_fn=started.append)
    assert lists(loader) == [[0, 1], [2, 3], [4, 5]]
    threads = worker_threads()
    next(iter(loader))  # an epoch given up
    assert lists(loader) == [[0, 1], [2, 3], [4, 5]]
    assert worker_threads() == threads and sorted(started) == [0, 1]


def test_a_batch_is_not_kept_alive_by_its_worker() -> None:
    import weakref

    iterator = iter(DataLoader(Numbers(8), num_workers=1, prefetch_factor=1, collate_fn=lambda batch: tg.tensor(batch)))
    batch = weakref.ref(next(iterator))
    next(iterator)
    assert batch() is None


def test_options_of_pytorch_that_change_nothing_here() -> None:
    loader = DataLoader(range(3), 2, pin_memory=True, pin_memory_device="", in_order=False)
    assert lists(loader) == [[0, 1], [2]]
    assert lists(DataLoader(range(2), num_workers=1, multiprocessing_context="spawn", prefetch_factor=0)) == [[0], [1]]
