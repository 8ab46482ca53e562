"""Where bytes lie and how they are packed: sources, compression, blocks cut at newlines, and the candidate search."""
