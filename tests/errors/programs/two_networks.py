"""The first loss is run backward before the second one is computed from the same value."""

import gpugrad as torch
from gpugrad import nn

generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
optimizer = torch.optim.SGD(critic.parameters(), lr=0.1)

fake = torch.tanh(generator(torch.ones(5, 2)))  # recorded
critic_loss = critic(fake).mean()
critic_loss.backward()  # freed
optimizer.step()

generator_loss = -critic(fake).mean()  # root
generator_loss.backward()
