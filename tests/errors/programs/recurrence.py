"""A plain recurrence: ``h`` of the last step is an input of this one."""

import gpugrad as torch

torch.manual_seed(0)
weight = torch.randn(4, 4, requires_grad=True)
h = torch.zeros(4)
for step in range(3):
    h = torch.tanh(weight @ h + 1)  # recorded
    loss = h.sum()  # root
    loss.backward()  # freed
