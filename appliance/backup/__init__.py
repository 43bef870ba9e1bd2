"""Copies of what was entered and recorded, on another machine, and the way back."""
