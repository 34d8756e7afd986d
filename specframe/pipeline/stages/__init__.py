"""The store of results below ``stages/`` of a run: keys, files, what lies in it, how large it may be."""
