"""What a program tells of itself: losses, gradients and parameters. It works with either library's objects."""

import numpy as np


def array(tensor):
    return np.array(tensor.detach().numpy())


def gradients(model):
    return {name: None if p.grad is None else array(p.grad) for name, p in model.named_parameters()}


def state(model):
    return {name: array(value) for name, value in model.state_dict().items()}


def five_steps(model, optimizer, compute_loss, before_step=None, scheduler=None):
    """Train for five steps; returns the losses, the first gradients, and everything in the model at the end."""
    told = {"start": state(model), "losses": []}
    for step in range(5):
        optimizer.zero_grad()
        loss = compute_loss(step)
        loss.backward()
        if step == 0:
            told["gradients"] = gradients(model)
        if before_step is not None:
            before_step()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        told["losses"].append(loss.item())
    told["end"] = state(model)
    return told
