"""How a drawing is spelt: DOT, SVG, PDF, and the engine that draws DOT. Decides nothing about what stands where."""
