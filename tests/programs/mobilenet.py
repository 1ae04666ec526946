"""Inverted residuals with depthwise convolutions and squeeze-and-excitation, trained by RMSprop."""

import torch
from torch import nn

from tests.programs.recording import five_steps


def conv_bn(n_in, n_out, kernel, stride=1, groups=1, act=nn.Hardswish):
    padding = (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(n_out), act()
    )


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1), nn.ReLU(inplace=True),
            nn.Conv2d(channels // reduction, channels, 1), nn.Hardsigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return x * self.fc(self.pool(x))


class InvertedResidual(nn.Module):
    def __init__(self, n_in, n_out, stride, expand, squeeze):
        super().__init__()
        hidden = n_in * expand
        self.use_residual = stride == 1 and n_in == n_out
        act = nn.Hardswish if squeeze else nn.ReLU6
        self.block = nn.Sequential(
            conv_bn(n_in, hidden, 1, act=act),
            conv_bn(hidden, hidden, 3, stride, groups=hidden, act=act),
            SqueezeExcite(hidden) if squeeze else nn.Identity(),
            conv_bn(hidden, n_out, 1, act=nn.Identity),
        )

    def forward(self, x):
        return x + self.block(x) if self.use_residual else self.block(x)


def main():
    torch.manual_seed(0)
    net = nn.Sequential(
        conv_bn(3, 8, 3, 2), InvertedResidual(8, 8, 1, 2, False), InvertedResidual(8, 12, 2, 2, True),
        InvertedResidual(12, 12, 1, 2, True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 4),
    )  # fmt: skip
    x, y = torch.randn(6, 3, 16, 16), torch.tensor([0, 1, 2, 3, 0, 1])
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3, alpha=0.9, eps=1e-3, momentum=0.9, weight_decay=1e-5)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.97)
    criterion = nn.CrossEntropyLoss()
    return five_steps(net, optimizer, lambda step: criterion(net(x), y), scheduler=scheduler)
