"""What journals are made of, read from both systems: sales of the web store, and sales in the stores."""
