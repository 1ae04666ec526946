"""Two layers of graph convolution over a sparse matrix, and two of graph attention, on one small graph."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter

from tests.programs.recording import five_steps


class GraphConvolution(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = Parameter(torch.FloatTensor(n_in, n_out))
        if bias:
            self.bias = Parameter(torch.FloatTensor(n_out))
        else:
            self.register_parameter("bias", None)
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        if self.bias is not None:
            self.bias.data.uniform_(-stdv, stdv)

    def forward(self, x, adjacency):
        out = torch.spmm(adjacency, torch.mm(x, self.weight))
        return out if self.bias is None else out + self.bias


class GraphAttention(nn.Module):
    def __init__(self, n_in, n_hidden, n_heads, concat, slope=0.2):
        super().__init__()
        self.n_heads, self.n_hidden, self.concat = n_heads, n_hidden, concat
        self.W = Parameter(torch.empty(size=(n_in, n_hidden * n_heads)))
        self.a = Parameter(torch.empty(size=(n_heads, 2 * n_hidden, 1)))
        nn.init.xavier_normal_(self.W)
        nn.init.xavier_normal_(self.a)
        self.leakyrelu = nn.LeakyReLU(slope)

    def forward(self, h, adjacency):
        h = torch.mm(h, self.W).view(h.shape[0], self.n_heads, self.n_hidden).permute(1, 0, 2)
        source = torch.matmul(h, self.a[:, : self.n_hidden, :])
        target = torch.matmul(h, self.a[:, self.n_hidden :, :])
        scores = self.leakyrelu(source + target.mT)
        scores = torch.where(adjacency > 0, scores, -9e16 * torch.ones_like(scores))
        out = torch.matmul(F.dropout(F.softmax(scores, dim=-1), 0.1, training=self.training), h)
        if self.concat:
            return out.permute(1, 0, 2).contiguous().view(out.size(1), self.n_hidden * self.n_heads)
        return out.mean(dim=0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.gc1, self.gc2 = GraphConvolution(6, 8), GraphConvolution(8, 3, bias=False)
        self.gat1, self.gat2 = GraphAttention(6, 4, 2, True), GraphAttention(8, 3, 1, False)

    def forward(self, x, sparse, dense):
        one = self.gc2(F.dropout(F.relu(self.gc1(x, sparse)), 0.5, training=self.training), sparse)
        two = self.gat2(F.elu(self.gat1(x, dense)), dense)
        return F.log_softmax(one, dim=1), F.log_softmax(two, dim=1)


def main():
    torch.manual_seed(42)
    edges = torch.tensor([[0, 1, 1, 2, 3, 4, 5, 6, 7, 2], [1, 2, 3, 3, 4, 5, 6, 7, 0, 6]])
    both = torch.cat([edges, edges.flip(0), torch.arange(8).repeat(2, 1)], dim=1)
    degree = torch.bincount(both[0], minlength=8).float()
    values = degree[both[0]].rsqrt() * degree[both[1]].rsqrt()
    sparse = torch.sparse_coo_tensor(both, values, (8, 8), check_invariants=True).coalesce()
    x, labels = torch.rand(8, 6), torch.tensor([0, 0, 1, 1, 2, 2, 0, 1])
    idx_train = torch.LongTensor(range(5))
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)

    def loss(step):
        return sum(F.nll_loss(out[idx_train], labels[idx_train]) for out in model(x, sparse, sparse.to_dense()))

    return five_steps(model, optimizer, loss)
