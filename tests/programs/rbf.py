"""A network of radial basis functions, fitted to a curve by L-BFGS."""

import torch
import torch.nn as nn

from tests.programs.recording import gradients, state


def gaussian(alpha):
    return torch.exp(-alpha.pow(2))


def inverse_quadratic(alpha):
    return torch.ones_like(alpha) / (torch.ones_like(alpha) + alpha.pow(2))


class RBF(nn.Module):
    def __init__(self, in_features, out_features, basis):
        super().__init__()
        self.in_features, self.out_features, self.basis = in_features, out_features, basis
        self.centres = nn.Parameter(torch.Tensor(out_features, in_features))
        self.log_sigmas = nn.Parameter(torch.Tensor(out_features))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.normal_(self.centres, 0, 1)
        nn.init.constant_(self.log_sigmas, 0)

    def forward(self, input):
        size = (input.size(0), self.out_features, self.in_features)
        x, c = input.unsqueeze(1).expand(size), self.centres.unsqueeze(0).expand(size)
        distances = (x - c).pow(2).sum(-1).pow(0.5) / torch.exp(self.log_sigmas).unsqueeze(0)
        return self.basis(distances)


def main():
    torch.manual_seed(0)
    model = nn.Sequential(RBF(2, 6, gaussian), nn.Linear(6, 4), RBF(4, 5, inverse_quadratic), nn.Linear(5, 1))
    x = torch.stack(torch.meshgrid(torch.linspace(-1, 1, 5), torch.linspace(-1, 1, 5), indexing="ij"), -1).view(-1, 2)
    y = torch.sin(3 * x[:, :1]) * x[:, 1:]
    criterion = nn.MSELoss()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4, history_size=5, line_search_fn="strong_wolfe")
    told = {"losses": []}

    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        told.setdefault("gradients", gradients(model))
        return loss

    for _ in range(5):
        told["losses"].append(float(optimizer.step(closure)))
    told["end"] = state(model)
    return told
