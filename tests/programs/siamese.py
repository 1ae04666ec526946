"""Two images through one network: triplets and contrasts, a custom autograd.Function, hooks, and a checkpoint."""

import io

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from tests.programs.recording import array, five_steps


class ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return -ctx.weight * grad_output, None


class Embedder(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(2, 8, 3), nn.PReLU(), nn.MaxPool1d(2), nn.ReLU(inplace=True))
        self.groups = nn.GroupNorm(2, 8)
        self.fc = nn.Linear(8 * 4, 5)
        self.domain = nn.Linear(5, 1)

    def forward(self, x):
        h = checkpoint(lambda y: self.groups(self.features(y)), x, use_reentrant=False)
        return F.normalize(self.fc(h.flatten(1)), dim=-1)


def main():
    torch.manual_seed(0)
    model = Embedder()
    seen = []
    handle = model.fc.register_forward_hook(lambda module, args, out: seen.append(out.detach().abs().mean().item()))
    anchor, positive, negative = torch.randn(3, 6, 2, 10).unbind(0)
    optimizer = torch.optim.Rprop(model.parameters(), lr=1e-2)
    domains = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])

    def loss(step):
        a, p, n = (model(x) for x in (anchor, positive, negative))
        alike = (a @ torch.cat([p, n]).t()) / 0.5
        contrast = F.cross_entropy(alike, torch.arange(6))
        fooled = F.binary_cross_entropy_with_logits(model.domain(ReverseGradient.apply(a, 0.3)).squeeze(1), domains)
        return nn.TripletMarginLoss(margin=0.5)(a, p, n) + contrast + fooled

    told = five_steps(model, optimizer, loss)
    handle.remove()
    buffer = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 5}, buffer)
    buffer.seek(0)
    saved = torch.load(buffer, map_location="cpu", weights_only=True)
    again = Embedder()
    told["keys"] = str(again.load_state_dict(saved["model"]))
    told["same"] = array(again(anchor))
    told["seen"], told["epoch"] = seen, saved["epoch"]
    return told
