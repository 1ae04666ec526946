"""Images made larger by sub-pixel convolution (Shi et al., 2016), with normalised weights and averages."""

import torch
import torch.nn as nn
import torch.nn.init as init
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tests.programs.recording import five_steps, state


class Net(nn.Module):
    def __init__(self, upscale_factor=2):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 8, (5, 5), (1, 1), (2, 2))
        self.conv2 = weight_norm(nn.Conv2d(8, 6, 3, padding="same", padding_mode="reflect"))
        self.conv3 = spectral_norm(nn.Conv2d(6, upscale_factor**2, (3, 3), (1, 1), (1, 1)))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)
        init.orthogonal_(self.conv1.weight, init.calculate_gain("relu"))

    def forward(self, x):
        x = self.relu(self.conv2(self.relu(self.conv1(x))))
        return self.pixel_shuffle(self.conv3(x))


def main():
    torch.manual_seed(123)
    model = Net()
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    target = torch.rand(2, 1, 12, 12)
    x = nn.functional.interpolate(target, scale_factor=0.5, mode="bicubic", align_corners=False)
    optimizer = torch.optim.RAdam(model.parameters(), lr=1e-2)
    criterion = nn.SmoothL1Loss(beta=0.1)

    def loss(step):
        if step:
            average.update_parameters(model)
        return criterion(model(x), target)

    told = five_steps(model, optimizer, loss)
    told["average"] = state(average)
    return told
