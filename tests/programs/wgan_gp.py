"""A critic whose gradient is held near length one: the loss contains a gradient (Gulrajani et al., 2017)."""

import torch
import torch.autograd as autograd
import torch.nn as nn
from torch.autograd import Variable

from tests.programs.recording import five_steps


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(
            nn.Linear(6, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)
        )

    def forward(self, x):
        return self.model(x.view(x.shape[0], -1))


def gradient_penalty(critic, real, fake):
    alpha = torch.rand(real.size(0), 1)
    mixed = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    value = critic(mixed)
    ones = Variable(torch.Tensor(real.shape[0], 1).fill_(1.0), requires_grad=False)
    (slope,) = autograd.grad(value, mixed, grad_outputs=ones, create_graph=True, retain_graph=True, only_inputs=True)
    return ((slope.view(slope.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


def main():
    torch.manual_seed(0)
    critic = Critic()
    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    real = Variable(torch.FloatTensor(8, 6).normal_())

    def loss(step):
        fake = torch.randn(8, 6) * 2 + 1
        return -critic(real).mean() + critic(fake).mean() + 10 * gradient_penalty(critic, real.data, fake.data)

    return five_steps(critic, optimizer, loss)
