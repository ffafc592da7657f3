"""Two losses over one trunk: the second backward needs what the first has released."""

import gpugrad as torch

x = torch.ones(3, requires_grad=True)
y = x**2
z = y * 4  # recorded
average = z.mean()
total = z.sum()  # root

average.backward()  # freed
total.backward()
