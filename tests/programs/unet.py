"""A U-Net that finds shapes in images: skip connections, transposed convolutions, cross entropy and dice loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F

from tests.programs.recording import five_steps


class DoubleConv(nn.Sequential):
    def __init__(self, n_in, n_out):
        layers = []
        for a, b in ((n_in, n_out), (n_out, n_out)):
            layers += [nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True)]
        super().__init__(*layers)


class Up(nn.Module):
    def __init__(self, n_in, n_out, bilinear):
        super().__init__()
        if bilinear:
            self.up = nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), nn.Conv2d(n_in, n_in // 2, 1)
            )
        else:
            self.up = nn.ConvTranspose2d(n_in, n_in // 2, kernel_size=2, stride=2)
        self.conv = DoubleConv(n_in, n_out)

    def forward(self, x, skip):
        x = self.up(x)
        dy, dx = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
        x = F.pad(x, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([skip, x], dim=1))


class UNet(nn.Module):
    def __init__(self, channels=1, classes=2, width=4, bilinear=False):
        super().__init__()
        self.inc = DoubleConv(channels, width)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(width, 2 * width))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(2 * width, 4 * width))
        self.up1, self.up2 = Up(4 * width, 2 * width, bilinear), Up(2 * width, width, not bilinear)
        self.outc = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        return self.outc(self.up2(self.up1(x3, x2), x1))


def dice_loss(probabilities, target, eps=1e-6):
    dims = (2, 3)
    inter = 2 * (probabilities * target).sum(dims)
    total = probabilities.sum(dims) + target.sum(dims)
    total = torch.where(total == 0, inter, total)
    return 1 - ((inter + eps) / (total + eps)).mean()


def main():
    torch.manual_seed(0)
    net = UNet().to(memory_format=torch.channels_last)
    images = torch.rand(2, 1, 13, 14)
    masks = (images[:, 0] > 0.5).long()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3, weight_decay=1e-8, momentum=0.9, eps=1e-4, foreach=True)
    scaler = torch.amp.GradScaler("cpu", enabled=False)

    def loss(step):
        with torch.autocast("cpu", enabled=False):
            out = net(images)
            one_hot = F.one_hot(masks, 2).permute(0, 3, 1, 2).float()
            return scaler.scale(F.cross_entropy(out, masks) + dice_loss(F.softmax(out, dim=1).float(), one_hot))

    return five_steps(net, optimizer, loss, lambda: nn.utils.clip_grad_norm_(net.parameters(), 1.0))
