"""What survives a power cut: the one encrypted database, and every statement of SQL in the product."""
