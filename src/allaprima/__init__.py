"""allaprima."""
