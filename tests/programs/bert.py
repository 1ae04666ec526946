"""Masked words and next sentences from a TransformerEncoder with GELU and norms first, as BERT is trained."""

import torch
import torch.nn as nn

from tests.programs.recording import five_steps

MASK, PAD = 3, 0


class BERT(nn.Module):
    def __init__(self, words=20, width=16, heads=4, layers=2, longest=10):
        super().__init__()
        self.words, self.segments = nn.Embedding(words, width, padding_idx=PAD), nn.Embedding(2, width)
        self.positions = nn.Parameter(torch.empty(1, longest, width).normal_(std=0.02))
        self.norm, self.dropout = nn.LayerNorm(width, eps=1e-12), nn.Dropout(0.1)
        layer = nn.TransformerEncoderLayer(width, heads, 32, 0.1, "gelu", batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.pooler = nn.Sequential(nn.Linear(width, width), nn.Tanh())
        self.next_sentence = nn.Linear(width, 2)
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, ids, segments):
        pad = ids.eq(PAD)
        x = self.words(ids) + self.segments(segments) + self.positions[:, : ids.size(1)]
        x = self.encoder(self.dropout(self.norm(x)), src_key_padding_mask=pad)
        words = self.transform(x) @ self.words.weight.t() + self.bias
        return words, self.next_sentence(self.pooler(x[:, 0]))


def main():
    torch.manual_seed(0)
    model = BERT()
    ids = torch.randint(4, 20, (4, 8))
    ids[0, 6:] = PAD
    segments = (torch.arange(8) > 3).long().expand(4, -1)
    chosen = torch.rand(4, 8).lt(0.3) & ids.ne(PAD)
    labels = torch.where(chosen, ids, torch.tensor(-100))
    masked, follows = ids.masked_fill(chosen, MASK), torch.tensor([0, 1, 1, 0])
    decay = [p for name, p in model.named_parameters() if "bias" not in name and "norm" not in name]
    rest = [p for name, p in model.named_parameters() if "bias" in name or "norm" in name]
    optimizer = torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}], eps=1e-6)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=10)
    criterion = nn.CrossEntropyLoss()

    def loss(step):
        words, sentence = model(masked, segments)
        return criterion(words.transpose(1, 2), labels) + criterion(sentence, follows)

    return five_steps(model, optimizer, loss, scheduler=scheduler)
