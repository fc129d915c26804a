"""Code that ``compile -t python`` writes into its modules; standard library only."""
