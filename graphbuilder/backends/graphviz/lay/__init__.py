"""Where everything stands: a scene becomes a drawing, which is rectangles, words and lines. Knows no file format."""
