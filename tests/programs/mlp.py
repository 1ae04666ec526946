"""A multilayer perceptron with dropout on batches from a DataLoader."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

from tests.programs.recording import five_steps


class MLP(nn.Module):
    def __init__(self, sizes, dropout=0.2):
        super().__init__()
        layers = []
        for n_in, n_out in zip(sizes[:-2], sizes[1:-1]):
            layers += [nn.Linear(n_in, n_out), nn.ReLU(inplace=True), nn.Dropout(dropout)]
        self.net = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))

    def forward(self, x):
        return self.net(x.view(x.size(0), -1))


def main():
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x, y = torch.randn(40, 1, 4, 4), torch.randint(0, 3, (40,))
    batches = list(DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True))
    model = MLP([16, 32, 16, 3]).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

    def loss(step):
        inputs, targets = (t.to(device, non_blocking=True) for t in batches[step])
        return criterion(model(inputs), targets)

    return five_steps(model, optimizer, loss)
