"""A densely connected network: each layer sees what all before it made."""

import math
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F

from tests.programs.recording import five_steps


class Bottleneck(nn.Module):
    def __init__(self, in_planes, growth):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(in_planes), nn.Conv2d(in_planes, 4 * growth, 1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x):
        out = self.conv1(F.relu(self.bn1(x)))
        out = self.conv2(F.relu(self.bn2(out)))
        return torch.cat([out, x], 1)


class Transition(nn.Sequential):
    def __init__(self, in_planes, out_planes):
        super().__init__()
        self.add_module("norm", nn.BatchNorm2d(in_planes))
        self.add_module("relu", nn.ReLU(inplace=True))
        self.add_module("conv", nn.Conv2d(in_planes, out_planes, 1, bias=False))
        self.add_module("pool", nn.AvgPool2d(2))


class DenseNet(nn.Module):
    def __init__(self, blocks=(2, 2), growth=4, reduction=0.5, classes=5):
        super().__init__()
        planes = 2 * growth
        parts = OrderedDict(conv0=nn.Conv2d(3, planes, 3, padding=1, bias=False))
        for k, count in enumerate(blocks):
            for j in range(count):
                parts[f"dense{k}_{j}"] = Bottleneck(planes, growth)
                planes += growth
            if k + 1 < len(blocks):
                smaller = math.floor(planes * reduction)
                parts[f"transition{k}"] = Transition(planes, smaller)
                planes = smaller
        parts["norm"] = nn.BatchNorm2d(planes)
        self.features = nn.Sequential(parts)
        self.classifier = nn.Linear(planes, classes)

    def forward(self, x):
        out = F.relu(self.features(x), inplace=True)
        return self.classifier(F.adaptive_avg_pool2d(out, (1, 1)).view(x.size(0), -1))


def main():
    torch.manual_seed(0)
    net = DenseNet()
    x, y = torch.randn(4, 3, 12, 12), torch.tensor([0, 1, 2, 3])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2, 4], gamma=0.1)
    return five_steps(net, optimizer, lambda step: F.cross_entropy(net(x), y), scheduler=scheduler)
