"""Images read for a network: in processes beside a GPU, or on the device itself."""
