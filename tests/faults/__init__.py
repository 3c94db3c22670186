"""Each fault of the catalogue leaves its signature in the traces of a real shop, in every backend."""
