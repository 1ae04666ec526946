"""A variational autoencoder (Kingma and Welling, 2014), with the reparametrisation written out."""

import torch
import torch.utils.data
from torch import nn, optim
from torch.nn import functional as F

from tests.programs.recording import five_steps


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(36, 20)
        self.fc21, self.fc22 = nn.Linear(20, 4), nn.Linear(20, 4)
        self.fc3, self.fc4 = nn.Linear(4, 20), nn.Linear(20, 36)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 36))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def main():
    torch.manual_seed(0)
    model = VAE()
    data = torch.rand(8, 1, 6, 6)
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def loss(step):
        reconstruction, mu, logvar = model(data)
        bce = F.binary_cross_entropy(reconstruction, data.view(-1, 36), reduction="sum")
        return bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())

    told = five_steps(model, optimizer, loss)
    with torch.no_grad():
        told["sample"] = model.decode(torch.randn(3, 4)).numpy()
    return told
