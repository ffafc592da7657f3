"""The features are computed before the loop, although a trained module makes them."""

import gpugrad as torch
from gpugrad import nn

body, head = nn.Linear(2, 3), nn.Linear(3, 1)
features = torch.relu(body(torch.ones(5, 2)))  # recorded
for step in range(3):
    loss = (head(features) ** 2).mean()  # root
    loss.backward()  # freed
