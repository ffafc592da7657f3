"""One loss, run backward twice."""

import gpugrad as torch

model = torch.nn.Linear(4, 2)
output = model(torch.ones(8, 4)).tanh()  # recorded
loss = output.sum()  # root

loss.backward()  # freed
loss.backward()
