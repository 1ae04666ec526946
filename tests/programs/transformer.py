"""The whole transformer (Vaswani et al., 2017): nn.Transformer, masks, smoothed targets, a schedule that warms up."""

import math

import torch
import torch.nn as nn
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from tests.programs.recording import five_steps

PAD = 1


class PositionalEncoding(nn.Module):
    def __init__(self, width: int, dropout: float, longest: int = 50):
        super().__init__()
        position = torch.arange(0, longest).reshape(longest, 1)
        den = torch.exp(-torch.arange(0, width, 2) * math.log(10000) / width)
        table = torch.zeros((longest, width))
        table[:, 0::2] = torch.sin(position * den)
        table[:, 1::2] = torch.cos(position * den)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pos_embedding", table.unsqueeze(-2), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x + self.pos_embedding[: x.size(0), :])


class Translator(nn.Module):
    def __init__(self, width=16, heads=2, source_words=14, target_words=12):
        super().__init__()
        self.transformer = nn.Transformer(
            d_model=width, nhead=heads, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=24, dropout=0.1
        )
        self.generator = nn.Linear(width, target_words)
        self.source, self.target = nn.Embedding(source_words, width), nn.Embedding(target_words, width)
        self.positions = PositionalEncoding(width, 0.1)
        self.scale = math.sqrt(width)
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        ahead = nn.Transformer.generate_square_subsequent_mask(target.size(0))
        source_pad, target_pad = (source == PAD).t(), (target == PAD).t()
        hidden = torch.zeros_like(target_pad, dtype=torch.float).masked_fill(target_pad, -1e9)
        out = self.transformer(
            self.positions(self.source(source) * self.scale),
            self.positions(self.target(target) * self.scale),
            None, ahead, None, source_pad, hidden, source_pad,
        )  # fmt: skip
        return self.generator(out)


def main():
    torch.manual_seed(0)
    model = Translator()
    source, target = torch.randint(2, 14, (6, 3)), torch.randint(2, 12, (5, 3))
    source[4:, 0] = PAD
    target[3:, 1] = PAD
    criterion = nn.CrossEntropyLoss(ignore_index=PAD, label_smoothing=0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-5)
    warmup = 4

    def rate(step):
        return 16**-0.5 * min(max(step, 1) ** -0.5, max(step, 1) * warmup**-1.5) * 0.1

    scheduler = LambdaLR(optimizer, rate)

    def loss(step):
        logits = model(source, target[:-1])
        return criterion(logits.reshape(-1, logits.shape[-1]), target[1:].reshape(-1))

    return five_steps(model, optimizer, loss, scheduler=scheduler)
