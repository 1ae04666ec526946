"""Layers and losses as functions, under PyTorch's names; one module for each family."""

from tinygrad_lite.functions.searching import one_hot
from tinygrad_lite.nn.functional.activation import *
from tinygrad_lite.nn.functional.adaptive import *
from tinygrad_lite.nn.functional.affine import *
from tinygrad_lite.nn.functional.attention import *
from tinygrad_lite.nn.functional.conv import *
from tinygrad_lite.nn.functional.ctc import *
from tinygrad_lite.nn.functional.distance import *
from tinygrad_lite.nn.functional.dropouts import *
from tinygrad_lite.nn.functional.embeddings import *
from tinygrad_lite.nn.functional.loss import *
from tinygrad_lite.nn.functional.loss_classes import *
from tinygrad_lite.nn.functional.margins import *
from tinygrad_lite.nn.functional.norms import *
from tinygrad_lite.nn.functional.padding import *
from tinygrad_lite.nn.functional.piecewise import *
from tinygrad_lite.nn.functional.pool import *
from tinygrad_lite.nn.functional.resize import *
from tinygrad_lite.nn.functional.sampling import *
