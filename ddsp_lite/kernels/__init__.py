"""Compiled loops for what PyTorch does slowly, on the CPU. Imported only when one of them first runs."""
