"""Server of the local cloud: requests, moto, processes, mirrored objects."""
