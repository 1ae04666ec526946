"""Generator and discriminator of convolutions that play against each other (Radford et al., 2016)."""

import torch
import torch.nn as nn
import torch.optim as optim

from tests.programs.recording import array, gradients, state


def weights_init(m):
    name = m.__class__.__name__
    if name.find("Conv") != -1:
        torch.nn.init.normal_(m.weight, 0.0, 0.02)
    elif name.find("BatchNorm") != -1:
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


class Generator(nn.Module):
    def __init__(self, nz=5, ngf=4, nc=1):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False), nn.BatchNorm2d(ngf), nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self, ndf=4, nc=1):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False), nn.BatchNorm2d(ndf * 2), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 4, 1, 0, bias=False), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.main(x).view(-1, 1).squeeze(1)


def main():
    torch.manual_seed(999)
    g, d = Generator().apply(weights_init), Discriminator().apply(weights_init)
    criterion = nn.BCELoss()
    optimizer_d = optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer_g = optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    fixed_noise = torch.randn(4, 5, 1, 1)
    told = {"losses": []}
    for step in range(5):
        real = torch.rand(4, 1, 16, 16) * 2 - 1
        d.zero_grad()
        label = torch.full((4,), 1, dtype=real.dtype)
        loss_real = criterion(d(real), label)
        loss_real.backward()
        fake = g(torch.randn(4, 5, 1, 1))
        label.fill_(0)
        loss_fake = criterion(d(fake.detach()), label)
        loss_fake.backward()
        if step == 0:
            told["gradients of d"] = gradients(d)
        optimizer_d.step()
        g.zero_grad()
        label.fill_(1)
        loss_g = criterion(d(fake), label)
        loss_g.backward()
        if step == 0:
            told["gradients of g"] = gradients(g)
        optimizer_g.step()
        told["losses"] += [loss_real.item(), loss_fake.item(), loss_g.item()]
    told.update(g=state(g), d=state(d), image=array(g(fixed_noise)))
    return told
