"""Tools around training, under PyTorch's names."""
