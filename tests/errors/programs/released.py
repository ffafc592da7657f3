"""The graph was let go before its backward."""

import gpugrad as torch

x = torch.ones(3, requires_grad=True)
y = x.exp()  # recorded
loss = y.sum()  # root
loss.release_graph()  # freed
loss.backward()
