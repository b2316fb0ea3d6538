"""Networks as people write them by hand in torch, one file each: what a spec without a library's twin is held to."""
