"""The commands: each parses, calls one library function, prints, exits."""
