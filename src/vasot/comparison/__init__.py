"""Many methods, settings and data sets under one protocol: what is to be run, what was found, and tables of it."""
