"""What the figure shows: a network read into boxes, cards and links, and the shape of these. Knows no sizes."""
