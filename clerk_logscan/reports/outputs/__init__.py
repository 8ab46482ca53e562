"""The outputs: one file each, named by its suffix, each a pure function of the Report."""
