"""Densities by change of variables: affine couplings (RealNVP), and a masked autoregressive network (MADE)."""

import numpy as np
import torch
import torch.distributions as D
import torch.nn as nn
import torch.nn.functional as F

from tests.programs.recording import five_steps


class Coupling(nn.Module):
    def __init__(self, dim, hidden, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))

    def forward(self, x):
        kept = x * self.mask
        s, t = (net(kept) * (1 - self.mask) for net in (self.s, self.t))
        return kept + (1 - self.mask) * (x * s.exp() + t), s.sum(dim=1)

    def inverse(self, z):
        kept = z * self.mask
        s, t = (net(kept) * (1 - self.mask) for net in (self.s, self.t))
        return kept + (1 - self.mask) * (z - t) * torch.exp(-s)


class MaskedLinear(nn.Linear):
    def set_mask(self, mask):
        self.register_buffer("mask", torch.from_numpy(mask.astype(np.uint8).T))

    def forward(self, x):
        return F.linear(x, self.mask * self.weight, self.bias)


class MADE(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        degrees = [np.arange(dim), np.arange(hidden) % (dim - 1), np.arange(dim)]
        self.first, self.last = MaskedLinear(dim, hidden), MaskedLinear(hidden, 2 * dim)
        self.first.set_mask(degrees[0][:, None] <= degrees[1][None, :])
        self.last.set_mask(np.tile(degrees[1][:, None] < degrees[2][None, :], 2))

    def forward(self, x):
        mu, log_scale = self.last(F.relu(self.first(x))).chunk(2, dim=1)
        log_scale = log_scale.clamp(-3, 3)
        return (x - mu) * (-log_scale).exp(), -log_scale.sum(1)


class Flow(nn.Module):
    def __init__(self, dim=4):
        super().__init__()
        masks = [torch.tensor([1.0, 0.0] * (dim // 2)), torch.tensor([0.0, 1.0] * (dim // 2))]
        self.layers = nn.ModuleList([Coupling(dim, 8, masks[0]), MADE(dim, 9), Coupling(dim, 8, masks[1])])
        self.base = D.Independent(D.Normal(torch.zeros(dim), torch.ones(dim)), 1)

    def log_prob(self, x):
        total = x.new_zeros(x.shape[0])
        for layer in self.layers:
            x, log_det = layer(x)
            total += log_det
        return self.base.log_prob(x) + total


def main():
    torch.manual_seed(0)
    flow = Flow()
    covariance = torch.eye(4) + 0.5
    x = D.MultivariateNormal(torch.ones(4), covariance).sample((16,))
    optimizer = torch.optim.Adamax(flow.parameters(), lr=1e-2)
    told = five_steps(flow, optimizer, lambda step: -flow.log_prob(x).mean())
    there = flow.layers[0](x)[0]
    told["back"] = (flow.layers[0].inverse(there) - x).abs().max().item() < 1e-4
    return told
