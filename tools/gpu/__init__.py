"""The measurements that need a GPU, as one command."""
