"""The data was computed once from a tensor that requires grad: the second epoch meets its graph."""

import gpugrad as torch

torch.manual_seed(0)
x = torch.linspace(0, 1, 20, requires_grad=True)
noise = torch.randn(20)
y = 1 + 2 * x + 0.3 * noise  # recorded
train, validation = y[:16].unsqueeze(1), y[16:].unsqueeze(1)
inputs = torch.linspace(0, 1, 20).unsqueeze(1)

model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    optimizer.zero_grad()
    loss = ((model(inputs[:16]) - train) ** 2).mean()  # root
    loss.backward()  # freed
    optimizer.step()
    with torch.no_grad():
        held_out = ((model(inputs[16:]) - validation) ** 2).mean()
