"""A vision transformer: patches as words, a class token, nn.MultiheadAttention."""

import torch
from torch import nn

from tests.programs.recording import five_steps


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        y = self.norm1(x)
        y, weights = self.attention(y, y, y, need_weights=True)
        x = x + y
        return x + self.mlp(self.norm2(x)), weights


class ViT(nn.Module):
    def __init__(self, size=12, patch=4, dim=16, depth=2, heads=4, classes=5):
        super().__init__()
        self.to_patches = nn.Unfold(patch, stride=patch)
        self.project = nn.Linear(3 * patch * patch, dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, (size // patch) ** 2 + 1, dim))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.blocks = nn.ModuleList([Block(dim, heads) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, classes))

    def forward(self, x):
        x = self.project(self.to_patches(x).mT)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed
        for block in self.blocks:
            x, weights = block(x)
        return self.head(x[:, 0]), weights


def main():
    torch.manual_seed(0)
    model = ViT()
    x, y = torch.randn(4, 3, 12, 12), torch.tensor([0, 1, 2, 4])
    optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3, eps=1e-5)
    scheduler = torch.optim.lr_scheduler.SequentialLR(
        optimizer,
        [
            torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=2),
            torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5),
        ],
        [2],
    )
    criterion = nn.CrossEntropyLoss()

    def loss(step):
        logits, weights = model(x)
        return criterion(logits, y) + 0.01 * (weights * weights.clamp_min(1e-9).log()).sum(-1).mean()

    return five_steps(model, optimizer, loss, scheduler=scheduler)
