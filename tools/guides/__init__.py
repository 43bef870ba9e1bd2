"""Makes what is printed and drawn: guides, pictures, key card, state tables.  No part of the product."""
