"""The intake: what Directory Insights events look like (the schema), and how they are read."""
