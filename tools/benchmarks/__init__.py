"""What GraphBuilder's own speed is measured with: ratios, side by side in one run. Run with ``tools/benchmark``."""
