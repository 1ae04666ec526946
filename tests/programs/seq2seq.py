"""Translation with recurrent networks: packed sentences, additive attention, teacher forcing now and then."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from tests.programs.recording import five_steps

PAD, SOS, EOS = 0, 1, 2


class Encoder(nn.Module):
    def __init__(self, vocabulary, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden, padding_idx=PAD)
        self.gru = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, hidden)

    def forward(self, source, lengths):
        packed = pack_padded_sequence(self.embedding(source), lengths, batch_first=True, enforce_sorted=False)
        packed, hidden = self.gru(packed)
        outputs, _ = pad_packed_sequence(packed, batch_first=True)
        return outputs, torch.tanh(self.fc(torch.cat((hidden[-2], hidden[-1]), dim=1)))


class Attention(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.Wa, self.Ua, self.Va = nn.Linear(hidden, hidden), nn.Linear(2 * hidden, hidden), nn.Linear(hidden, 1)

    def forward(self, query, keys, mask):
        scores = self.Va(torch.tanh(self.Wa(query).unsqueeze(1) + self.Ua(keys))).squeeze(2)
        scores = scores.masked_fill(mask == 0, -1e10)
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights.unsqueeze(1), keys), weights


class Decoder(nn.Module):
    def __init__(self, vocabulary, hidden):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.attention = Attention(hidden)
        self.gru = nn.GRU(3 * hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, vocabulary)

    def forward(self, token, hidden, keys, mask):
        context, weights = self.attention(hidden, keys, mask)
        x = torch.cat((self.embedding(token).unsqueeze(1), context), dim=2)
        output, hidden = self.gru(x, hidden.unsqueeze(0))
        return self.out(output.squeeze(1)), hidden.squeeze(0), weights


class Seq2Seq(nn.Module):
    def __init__(self, source_words, target_words, hidden=8):
        super().__init__()
        self.encoder, self.decoder = Encoder(source_words, hidden), Decoder(target_words, hidden)

    def forward(self, source, lengths, target, teacher_forcing=0.5):
        keys, hidden = self.encoder(source, lengths)
        mask = source[:, : keys.size(1)] != PAD
        token, outputs = torch.full((source.size(0),), SOS), []
        for t in range(target.size(1)):
            logits, hidden, _ = self.decoder(token, hidden, keys, mask)
            outputs.append(logits)
            forced = random.random() < teacher_forcing
            token = target[:, t] if forced else logits.topk(1)[1].squeeze(-1).detach()
        return torch.stack(outputs, dim=1)


def main():
    random.seed(0)
    torch.manual_seed(0)
    model = Seq2Seq(15, 12)
    sentences = [torch.randint(3, 15, (n,)) for n in (4, 6, 3)]
    source, lengths = pad_sequence(sentences, batch_first=True, padding_value=PAD), [len(s) for s in sentences]
    target = pad_sequence([torch.randint(3, 12, (n,)) for n in (5, 3, 4)], batch_first=True, padding_value=PAD)
    criterion = nn.CrossEntropyLoss(ignore_index=PAD)
    optimizer = optim.Adam(model.parameters(), lr=0.01, eps=1e-5)

    def loss(step):
        return criterion(model(source, lengths, target).flatten(0, 1), target.flatten())

    return five_steps(model, optimizer, loss, lambda: nn.utils.clip_grad_norm_(model.parameters(), max_norm=1))
