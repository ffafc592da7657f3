"""An LSTM keeps its hidden state as an attribute, and nobody makes it anew between two steps."""

import gpugrad as torch
from gpugrad import nn


class Predictor(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 4)
        self.linear = nn.Linear(4, 1)
        self.hidden = self.init_hidden()

    def init_hidden(self):
        return (
            torch.zeros(1, 1, 4, requires_grad=True),
            torch.zeros(1, 1, 4, requires_grad=True),
        )

    def forward(self, sequence):
        output, self.hidden = self.lstm(sequence, self.hidden)  # recorded
        return self.linear(output[-1])


torch.manual_seed(0)
model = Predictor()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
sequence, target = torch.ones(5, 1, 1), torch.ones(1, 1)
for step in range(3):
    optimizer.zero_grad()
    loss = ((model(sequence) - target) ** 2).mean()  # root
    loss.backward()  # freed
    optimizer.step()
