"""What pages take in: the forms of the line, and how the domain's refusals are shown in them."""
