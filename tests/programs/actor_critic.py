"""A policy that learns to balance a pole: an actor and a critic with one trunk, actions drawn from Categorical."""

import math
from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical

from tests.programs.recording import gradients, state

SavedAction = namedtuple("SavedAction", ["log_prob", "value"])


class Pole:
    """A pole on a cart, as a few lines of mechanics."""

    def reset(self):
        self.state = [0.01, -0.02, 0.03, 0.02]
        return self.state

    def step(self, action):
        x, v, angle, w = self.state
        force = 10.0 if action else -10.0
        turn = (9.8 * math.sin(angle) - math.cos(angle) * (force + 0.05 * w * w * math.sin(angle)) / 1.1) / 0.65
        push = (force + 0.05 * (w * w * math.sin(angle) - turn * math.cos(angle))) / 1.1
        self.state = [x + 0.02 * v, v + 0.02 * push, angle + 0.02 * w, w + 0.02 * turn]
        return self.state, 1.0, abs(self.state[2]) > 0.2 or abs(self.state[0]) > 2.4


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(4, 16)
        self.action_head, self.value_head = nn.Linear(16, 2), nn.Linear(16, 1)
        self.saved_actions, self.rewards = [], []

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


def select_action(model, observation):
    probs, value = model(torch.tensor(observation, dtype=torch.float))
    m = Categorical(probs)
    action = m.sample()
    model.saved_actions.append(SavedAction(m.log_prob(action), value))
    return action.item()


def finish_episode(model, optimizer, gamma=0.99):
    total, returns = 0, []
    for r in model.rewards[::-1]:
        total = r + gamma * total
        returns.insert(0, total)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + torch.finfo(torch.float32).eps)
    policy_losses, value_losses = [], []
    for (log_prob, value), r in zip(model.saved_actions, returns):
        policy_losses.append(-log_prob * (r - value.item()))
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([r])))
    optimizer.zero_grad()
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
    loss.backward()
    optimizer.step()
    del model.rewards[:]
    del model.saved_actions[:]
    return loss.item()


def main():
    torch.manual_seed(543)
    env, model = Pole(), Policy()
    optimizer = optim.Adam(model.parameters(), lr=3e-2)
    told = {"losses": [], "lengths": []}
    for episode in range(5):
        observation = env.reset()
        for _ in range(60):
            observation, reward, done = env.step(select_action(model, observation))
            model.rewards.append(reward)
            if done:
                break
        told["lengths"].append(len(model.rewards))
        told["losses"].append(finish_episode(model, optimizer))
        if episode == 0:
            told["gradients"] = gradients(model)
    told["end"] = state(model)
    return told
