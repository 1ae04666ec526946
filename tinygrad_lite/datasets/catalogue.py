"""The public data sets that are known by name: their files, where these are published, and their checksums.

Each is published by its authors, or by a package that ships it: MNIST (Y. LeCun, C. Cortes and C. J. C. Burges, 1998),
Fashion-MNIST (H. Xiao et al., 2017), CIFAR-10 (A. Krizhevsky, 2009), tiny Shakespeare (A. Karpathy, 2015), first names
(US Social Security), film reviews (B. Pang and L. Lee, 2005), sunspots and CO2 (NOAA), the tables of UCI.
"""

from __future__ import annotations

import os
import shlex
from typing import NamedTuple

__all__ = ["CATALOGUE", "Entry", "Local", "Public", "entry", "expected", "how_to_get"]

_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist")
_FASHION = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
)
_KARPATHY = "https://raw.githubusercontent.com/karpathy"
_SCIKIT_LEARN = "https://raw.githubusercontent.com/scikit-learn/scikit-learn/1.5.2/sklearn/datasets/data"
_STATSMODELS = "https://raw.githubusercontent.com/statsmodels/statsmodels/v0.14.4/statsmodels/datasets"


class Local(NamedTuple):
    """A file as it is looked for.

    Attributes:
        names: the spellings that will do, each relative to a folder.
        checksums: of the file or of what is packed in it, any of which says that it is the public one.
    """

    names: tuple[str, ...]
    checksums: tuple[str, ...] = ()


class Public(NamedTuple):
    """A file as it is published.

    Attributes:
        name: of the file.
        urls: where it can be had, the best first.
        checksum: `algorithm:hexadecimal`.
        files: what one has then: the file itself; or, of a `.tar.gz` to be unpacked, those whose last spelling is
            their name in it.
        packed: whether it is to be unpacked.
    """

    name: str
    urls: tuple[str, ...]
    checksum: str
    files: tuple[Local, ...]
    packed: bool = False


class Entry(NamedTuple):
    """A data set.

    Attributes:
        name: what `obtain` and `fetch` call it.
        title: what it is.
        folders: in which it is looked for within a place; `fetch` puts it into the first.
        forms: the ways it can be had, the best first; the files of one are all needed.
        public: what `fetch` downloads; none where there is no such file.
        recipe: how to get it where `fetch` cannot.
    """

    name: str
    title: str
    folders: tuple[str, ...]
    forms: tuple[tuple[Local, ...], ...]
    public: tuple[Public, ...] = ()
    recipe: str = ""


def _idx(
    name: str, title: str, folders: tuple[str, ...], mirrors: tuple[str, ...], sums: list[tuple[str, str]]
) -> Entry:
    """A data set of four IDX files, each with the MD5 as published and, where known, the SHA-256 unpacked."""
    stems = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    public = []
    for stem, (packed, plain) in zip(stems, sums, strict=True):
        dotted = stem.replace("-idx", ".idx")
        md5 = f"md5:{packed}"
        known = (md5, f"sha256:{plain}") if plain else (md5,)
        file = Local((stem, dotted, f"{stem}.gz", f"{dotted}.gz"), known)
        public.append(Public(f"{stem}.gz", tuple(f"{mirror}/{stem}.gz" for mirror in mirrors), md5, (file,)))
    form = tuple(file for each in public for file in each.files)
    return Entry(name, title, folders, (form,), tuple(public))


def _single(name: str, title: str, folder: str, file: str, url: str, sha256: str, *others: str) -> Entry:
    """A data set of one file, used as it is published; `others` are the sums of other editions of it."""
    checksums = tuple(f"sha256:{digest}" for digest in (sha256, *others))
    form = (Local((file,), checksums),)
    return Entry(name, title, (folder, ""), (form,), (Public(file, (url,), checksums[0], form),))


_CIFAR_SUMS = {
    "data_batch_1": "md5:c99cafc152244af753f735de768cd75f",
    "data_batch_2": "md5:d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "md5:54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "md5:634d18415352ddfa80567beed471001a",
    "data_batch_5": "md5:482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "md5:40351d587109b95175f43aff81a1287e",
}
_CIFAR_PYTHON = tuple(
    Local((name, f"cifar-10-batches-py/{name}"), (checksum,)) for name, checksum in _CIFAR_SUMS.items()
)
_CIFAR_META = Local(("batches.meta", "cifar-10-batches-py/batches.meta"), ("md5:5ff9c542aee3614f3951f8cda6e48888",))
_CIFAR_BINARY = tuple(Local((f"{name}.bin", f"cifar-10-batches-bin/{name}.bin")) for name in _CIFAR_SUMS)
_CIFAR_SUBSET = "sha256:5ab35b2792943e4ceb0bee7e0550380e986c084323a6a90cf2d6d85597b5ef2d"

_ENTRIES = (
    _idx(
        "mnist", "MNIST, handwritten digits", ("mnist", "MNIST/raw", ""), _MNIST,
        [
            ("f68b3c2dcbeaaa9fbdd348bbdeb94873", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            ("d53e105ee54ea40749a09fcbcd1e9432", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            ("9fb629c4189551a2d022fa330f9573f3", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            ("ec29112dd5afa0611ce80d1b7f02629c", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ],
    ),
    _idx(
        "fashion", "Fashion-MNIST, pieces of clothing", ("fashion", "FashionMNIST/raw"), _FASHION,
        [
            ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", ""),
            ("25c81989df183df01b3e8a0aad5dffbe", ""),
            ("bef4ecab320f06d8554ea6380940ec79", ""),
            ("bb300cfdad3c16e7a12a480ee83cd310", ""),
        ],
    ),
    Entry(
        "cifar10",
        "CIFAR-10, small colour photographs",
        ("cifar10", ""),
        (_CIFAR_BINARY, _CIFAR_PYTHON, (Local(("cifar10_subset.npz",), (_CIFAR_SUBSET,)),)),
        (
            Public(
                "cifar-10-python.tar.gz",
                ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",),
                "md5:c58f30108f718f92721af3b95e74349a",
                (*_CIFAR_PYTHON, _CIFAR_META),
                packed=True,
            ),
        ),
    ),
    _single(
        "tinyshakespeare", "tiny Shakespeare, lines of his plays", "text", "tinyshakespeare.txt",
        f"{_KARPATHY}/char-rnn/master/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    _single(
        "names", "first names", "text", "names.txt", f"{_KARPATHY}/makemore/master/names.txt",
        "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
    ),
    Entry(
        "rotten_tomatoes",
        "sentences of film reviews, for (1) or against (0)",
        ("text", ""),
        (
            (
                Local(
                    ("rotten_tomatoes.csv.gz", "rotten_tomatoes.csv"),
                    (
                        "sha256:c4c6f23d54d03dc8f2232432e075c0e8a587e5e33728d2ea93a568c9d455c195",
                        "sha256:6b809d4cc2aa4db762bc5a247d6b3b0475d0b4c82232ec19664df9b4cd68af9d",
                    ),
                ),
            ),
        ),
        recipe="take the training part of cornell-movie-review-data/rotten_tomatoes from huggingface.co/datasets, save "
        "its columns text and label as rotten_tomatoes.csv",
    ),
    _single(
        "sunspots", "yearly sunspot numbers", "timeseries", "sunspots.csv", f"{_STATSMODELS}/sunspots/sunspots.csv",
        "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
    ),
    _single(
        "co2", "weekly carbon dioxide at Mauna Loa", "timeseries", "co2.csv", f"{_STATSMODELS}/co2/co2.csv",
        "16695fa2786e53414e5a6b54767a3fdf5de99cfbc68617f69d1362d92776a92f",
    ),
    _single(
        "wine", "chemical analyses of three wines", "tabular", "wine_data.csv", f"{_SCIKIT_LEARN}/wine_data.csv",
        "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
    ),
    _single(
        "iris", "measurements of three irises", "tabular", "iris.csv", f"{_SCIKIT_LEARN}/iris.csv",
        "f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449",
    ),
    _single(
        "breast_cancer", "measurements of tumours, malignant (0) or benign (1)", "tabular", "breast_cancer.csv",
        f"{_SCIKIT_LEARN}/breast_cancer.csv",
        "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
    ),
    _single(
        "boston", "house prices around Boston", "tabular", "boston_house_prices.csv",
        f"{_SCIKIT_LEARN}/boston_house_prices.csv",
        "d98212636026544fc9b9c0f372e5f819872e6fa6fa757ab025efdda22180f2d6",
        "dabe774132cf1f35464a048f213b1d4f39f64ad9efb1157d64d457702f72e19b",
    ),
)  # fmt: skip

CATALOGUE = {found.name: found for found in _ENTRIES}
"""Every data set by its name."""


def entry(name: str) -> Entry:
    """The data set of that name.

    Raises:
        ValueError: if there is none; the message lists those there are.

    Example:
        >>> entry("names").title
        'first names'
    """
    if name not in CATALOGUE:
        raise ValueError(f"there is no data set {name!r}; the names are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def expected(wanted: Entry) -> str:
    """The files of a data set with their checksums, a line each.

    Example:
        >>> expected(entry("iris"))
        '  iris.csv  sha256:f13ffa8fdd56fd8e6c8d16d4081a3fbd3114bcd0aae4256c43205169cd9d1449'
    """
    lines = [(file.name, file.checksum) for file in wanted.public]
    lines = lines or [(file.names[0], file.checksums[0]) for file in wanted.forms[0]]
    return "\n".join(f"  {name}  {checksum}" for name, checksum in lines)


def how_to_get(wanted: Entry, folder: str | os.PathLike[str] | None = None) -> str:
    """What to do to have a data set, in `folder` or where `fetch` puts it.

    Example:
        >>> print(how_to_get(entry("iris"), "my data"))
        run `tinygrad-lite data fetch iris --folder 'my data'`, or call datasets.fetch('iris', 'my data')
    """
    place = None if folder is None else os.fspath(folder)
    if not wanted.public:
        where = "a folder that TINYGRAD_LITE_DATA names" if place is None else place
        return f"{wanted.recipe}, and put it into {where}"
    option = "" if place is None else f" --folder {shlex.quote(place)}"
    argument = "" if place is None else f", {place!r}"
    return f"run `tinygrad-lite data fetch {wanted.name}{option}`, or call datasets.fetch({wanted.name!r}{argument})"
