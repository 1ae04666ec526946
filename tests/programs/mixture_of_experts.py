"""Experts of which a gate chooses two for each input, with noise and a loss that keeps their load even."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions.normal import Normal

from tests.programs.recording import five_steps


class Expert(nn.Module):
    def __init__(self, n_in, hidden, n_out):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, hidden), nn.SiLU(), nn.Linear(hidden, n_out))

    def forward(self, x):
        return self.net(x)


class MoE(nn.Module):
    def __init__(self, n_in=6, n_out=3, experts=4, k=2):
        super().__init__()
        self.k = k
        self.experts = nn.ModuleList([Expert(n_in, 8, n_out) for _ in range(experts)])
        self.w_gate = nn.Parameter(0.1 * torch.randn(n_in, experts))
        self.w_noise = nn.Parameter(torch.zeros(n_in, experts))
        self.register_buffer("mean", torch.tensor([0.0]))
        self.register_buffer("std", torch.tensor([1.0]))

    def forward(self, x):
        clean = x @ self.w_gate
        spread = F.softplus(x @ self.w_noise) + 1e-2
        noisy = clean + torch.randn_like(clean) * spread if self.training else clean
        top, where = noisy.topk(min(self.k + 1, noisy.size(1)), dim=1)
        weights = F.softmax(top[:, : self.k], dim=1)
        gates = torch.zeros_like(noisy).scatter(1, where[:, : self.k], weights)
        normal = Normal(self.mean, self.std)
        out_of = normal.cdf((clean - top[:, self.k - 1 : self.k]) / spread)
        into = normal.cdf((clean - top[:, self.k :]) / spread)
        load = torch.where(noisy > top[:, self.k :], into, out_of).sum(0)
        out = x.new_zeros(x.size(0), self.experts[0].net[-1].out_features)
        for k, expert in enumerate(self.experts):
            rows = gates[:, k].nonzero(as_tuple=True)[0]
            if rows.numel():
                out.index_add_(0, rows, expert(x[rows]) * gates[rows, k].unsqueeze(1))
        return out, self.uneven(gates.sum(0)) + self.uneven(load)

    @staticmethod
    def uneven(x, eps=1e-10):
        return x.float().var() / (x.float().mean() ** 2 + eps)


def main():
    torch.manual_seed(0)
    model = MoE()
    x, y = torch.randn(12, 6), torch.randint(3, (12,))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, amsgrad=True)

    def loss(step):
        out, extra = model(x)
        return F.cross_entropy(out, y) + 1e-2 * extra

    return five_steps(model, optimizer, loss)
