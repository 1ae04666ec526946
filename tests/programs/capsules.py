"""Capsules that agree on what they see: dynamic routing, margin loss, a decoder (Sabour et al., 2017)."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from tests.programs.recording import five_steps


def squash(s, dim=-1):
    norm = torch.norm(s, dim=dim, keepdim=True)
    return (norm / (1 + norm**2)) * s


class PrimaryCapsules(nn.Module):
    def __init__(self, channels, capsules, dim):
        super().__init__()
        self.dim = dim
        self.conv = nn.Conv2d(channels, capsules * dim, kernel_size=3, stride=2)

    def forward(self, x):
        out = self.conv(x)
        out = out.view(out.size(0), -1, self.dim, out.size(2), out.size(3)).permute(0, 1, 3, 4, 2)
        return squash(out.reshape(out.size(0), -1, self.dim))


class Capsules(nn.Module):
    def __init__(self, n_in, dim_in, n_out, dim_out, rounds=3):
        super().__init__()
        self.rounds = rounds
        self.W = nn.Parameter(0.1 * torch.randn(1, n_out, n_in, dim_out, dim_in))

    def forward(self, x):
        u_hat = torch.matmul(self.W, x[:, None, :, :, None]).squeeze(-1)
        frozen = u_hat.detach()
        b = torch.zeros(*u_hat.shape[:3], 1)
        for _ in range(self.rounds - 1):
            v = squash((F.softmax(b, dim=1) * frozen).sum(dim=2))
            b += torch.matmul(frozen, v.unsqueeze(-1))
        return squash((b.softmax(dim=1) * u_hat).sum(dim=2))


class CapsNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.primary = PrimaryCapsules(6, 2, 4)
        self.digits = Capsules(2 * 3 * 3, 4, 3, 5)
        self.decoder = nn.Sequential(nn.Linear(15, 20), nn.ReLU(inplace=True), nn.Linear(20, 81), nn.Sigmoid())

    def forward(self, x):
        out = self.digits(self.primary(torch.relu(self.conv(x))))
        lengths = torch.norm(out, dim=-1)
        chosen = torch.eye(3).index_select(dim=0, index=lengths.max(dim=1).indices)
        return lengths, self.decoder((out * chosen[:, :, None]).view(out.size(0), -1))


def main():
    torch.manual_seed(0)
    model = CapsNet()
    x, labels = torch.rand(4, 1, 9, 9), torch.zeros(4, 3).scatter_(1, torch.tensor([[0], [1], [2], [1]]), 1.0)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    def loss(step):
        lengths, image = model(x)
        margin = labels * F.relu(0.9 - lengths) ** 2 + 0.5 * (1 - labels) * F.relu(lengths - 0.1) ** 2
        return margin.sum(dim=1).mean() + 0.0005 * 81 * F.mse_loss(image, x.view(4, -1))

    return five_steps(model, optimizer, loss)
