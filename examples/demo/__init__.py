"""Parts that the demos share: steps in the terminal, the command line, queries, and the page of their reports."""
